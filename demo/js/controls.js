import { element, icon } from './element.js'
import { notice } from './notices.js'

/** The toolbar below a call: microphone, camera, screen, the choice of devices, and the button to leave. */
export class Controls {
  #media
  #microphone = button('microphone', 'microphone')
  #camera = button('camera', 'camera')
  #screen = button('screen', 'screen')
  #settings = button('settings', 'settings')
  #choices = element('div', {
    id: 'devices',
    className: 'devices',
    hidden: true,
    role: 'group',
    'aria-label': 'Devices',
  })
  leave = button('leave', 'leave', 'danger')
  element

  constructor(media) {
    this.#media = media
    name(this.#settings, 'Devices', 'settings')
    name(this.leave, 'Leave', 'leave')
    this.#settings.setAttribute('aria-expanded', 'false')
    this.#settings.setAttribute('aria-controls', 'devices')
    this.#screen.hidden = !navigator.mediaDevices?.getDisplayMedia
    const bar = element('div', { className: 'controls', role: 'group', 'aria-label': 'Call' })
    bar.append(this.#microphone, this.#camera, this.#screen, this.#settings, this.leave)
    this.element = element('div', { className: 'controls-dock' }, this.#choices, bar)
    this.#listen()
    this.#show()
  }

  /** Adds a button before the one to leave. */
  add(button) {
    this.leave.before(button)
  }

  #listen() {
    const media = this.#media
    media.addEventListener('change', () => this.#show())
    media.addEventListener('gone', ({ detail }) => notice(detail))
    this.#microphone.addEventListener('click', () => tryTo(this.#microphone, () => media.toggleMicrophone()))
    this.#camera.addEventListener('click', () => tryTo(this.#camera, () => media.toggleCamera()))
    this.#screen.addEventListener('click', () => tryTo(this.#screen, () => media.toggleScreen()))
    this.#settings.addEventListener('click', () => this.#open(this.#choices.hidden))
    this.element.addEventListener('keydown', ({ key }) => {
      if (key !== 'Escape' || this.#choices.hidden) return
      this.#open(false)
      this.#settings.focus()
    })
    this.element.addEventListener('focusout', ({ relatedTarget: next }) => {
      if (next && !this.element.contains(next)) this.#open(false)
    })
    const changed = () => this.#choices.hidden || this.#list()
    media.addEventListener('devices', changed)
    media.addEventListener('change', changed)
  }

  #show() {
    const { audio, video } = this.#media.status
    const camera = this.#media.camera ? 'on' : 'off'
    name(this.#microphone, audio === 'on' ? 'Mute' : 'Unmute', audio === 'on' ? 'microphone' : 'microphone-off')
    name(this.#camera, camera === 'on' ? 'Camera off' : 'Camera on', camera === 'on' ? 'camera' : 'camera-off')
    name(this.#screen, video === 'screen' ? 'Stop sharing' : 'Share screen', 'screen')
    this.#microphone.dataset.state = audio
    this.#camera.dataset.state = camera
    this.#screen.dataset.state = video === 'screen' ? 'sharing' : 'idle'
  }

  #open(open) {
    this.#choices.hidden = !open
    this.#settings.setAttribute('aria-expanded', String(open))
    if (open) this.#list(true)
  }

  async #list(focus = false) {
    const found = (await navigator.mediaDevices?.enumerateDevices()) ?? []
    const chosen = this.#media.chosen
    const choice = (kind, id, label) => {
      const options = found
        .filter((device) => device.kind === `${kind}input` && device.deviceId !== '')
        .map(
          ({ deviceId, label }, index) =>
            new Option(label || `Device ${index + 1}`, deviceId, false, deviceId === chosen[kind]),
        )
      const none = new Option(
        this.#media[id.split('-')[0]] ? 'No other' : `Turn the ${label.toLowerCase()} on first`,
        '',
      )
      const select = element(
        'select',
        { id, disabled: options.length === 0 },
        ...(options.length > 0 ? options : [none]),
      )
      select.addEventListener('change', async () => {
        await tryTo(select, () => this.#media.choose(kind, select.value))
        this.#list() // the choice may have failed: show the device in use
      })
      return element('div', { className: 'field' }, element('label', { htmlFor: id }, label), select)
    }
    const focused = document.activeElement?.id
    this.#choices.replaceChildren(
      choice('video', 'camera-choice', 'Camera'),
      choice('audio', 'microphone-choice', 'Microphone'),
    )
    const selects = [...this.#choices.querySelectorAll('select:enabled')]
    ;(selects.find(({ id }) => id === focused) ?? (focus ? selects[0] : undefined))?.focus()
  }
}

/** Runs the action of a button once at a time, and shows a notice if it fails. */
async function tryTo(button, act) {
  if (button.ariaBusy === 'true') return
  button.ariaBusy = 'true'
  try {
    await act()
  } catch (error) {
    notice(error.message)
  } finally {
    button.ariaBusy = null
  }
}

function button(id, picture, kind = '') {
  return element('button', { id, type: 'button', className: `control ${kind}` }, icon(picture), element('span'))
}

function name(button, text, picture) {
  button.querySelector('span').textContent = text
  button.querySelector('use').setAttribute('href', `icons.svg#${picture}`)
}
