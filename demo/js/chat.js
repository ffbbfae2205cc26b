import { byId, element } from './element.js'
import { sentenceOf, textError } from './messages.js'
import { avatarOf } from './participant-list.js'

const everyoneId = ''
const maxShownMessages = 500

/** The messages of a room, to everyone or to one participant. */
export class Chat {
  #rooms
  #onMessage
  #list = byId('messages')
  #form = byId('chat-form')
  #text = byId('text')
  #to = byId('to')
  #problem = byId('text-problem')

  /** @param signal aborts when the room is left @param onMessage called for each message of another participant */
  constructor(rooms, signal, onMessage) {
    this.#rooms = rooms
    this.#onMessage = onMessage
    this.#list.tabIndex = 0 // some browsers let the keyboard scroll only focusable elements
    rooms.on('new_message', (text, { nickname = 'Someone' }) => this.#receive(nickname, text))
    rooms.on('direct_message', (text, { from }) => {
      if (from === rooms.id) return // a marker of ConnectionStatus
      this.#receive(rooms.members.get(from) ?? 'Someone who has left', text, 'to you alone')
    })
    this.#form.addEventListener('submit', (event) => this.#submit(event), { signal })
    this.#text.addEventListener('keydown', (event) => this.#onKey(event), { signal })
    this.#text.addEventListener('input', () => this.#onInput(), { signal })
  }

  focus() {
    this.#text.focus()
  }

  writeTo(id) {
    this.#to.value = id
    this.focus()
  }

  /** Adds a line about the room, such as who joined. */
  note(text) {
    this.#append(element('div', { className: 'note' }, text))
  }

  announce(text) {
    this.#append(
      element(
        'div',
        { className: 'note announcement' },
        element('strong', {}, 'Announcement'),
        element('span', {}, text),
      ),
    )
  }

  /** Lists the participants who are present as receivers. */
  updateReceivers() {
    const { members, id: own } = this.#rooms
    const chosen = this.#to.value
    const others = [...members].filter(([id]) => id !== own)
    this.#to.replaceChildren(
      new Option('Everyone', everyoneId),
      ...others.map(([id, name]) => new Option(`${name} alone`, id)),
    )
    this.#to.value = members.has(chosen) ? chosen : everyoneId
    // the message was meant for one participant, so warn before it goes to everyone
    if (chosen !== everyoneId && !members.has(chosen) && this.#text.value.trim() !== '') {
      this.#showError('The person you were writing to has left. Your message now goes to everyone.')
    }
  }

  clear() {
    this.#list.replaceChildren()
    byId('no-messages').hidden = false
    this.#text.value = ''
    this.#to.replaceChildren()
    this.#showError('')
    this.#grow()
  }

  #receive(nickname, text, scope) {
    this.#append(this.#message(nickname, text, scope))
    this.#onMessage()
  }

  #onKey(event) {
    // the Enter that ends an IME composition does not send
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  #onInput() {
    this.#showError(textError(this.#text.value) ?? '')
    this.#grow()
  }

  #submit(event) {
    event.preventDefault()
    const text = this.#text.value.trim()
    const error = textError(text)
    if (error) this.#showError(error)
    else if (text !== '') this.#send(text)
  }

  async #send(text) {
    const to = this.#to.value
    const { members, id } = this.#rooms
    const scope = to === everyoneId ? undefined : `to ${members.get(to)} alone`
    const item = this.#message(members.get(id) ?? '', text, scope, 'own')
    this.#append(item)
    this.#text.value = ''
    this.#showError('')
    this.#grow()
    try {
      await (to === everyoneId ? this.#rooms.say(text) : this.#rooms.whisper(to, text))
      item.dataset.state = 'sent'
    } catch (error) {
      item.dataset.state = 'failed'
      item.append(element('p', { className: 'problem' }, `Not sent. ${sentenceOf(error)}`))
    }
  }

  #message(name, text, scope, own = '') {
    const at = new Date()
    const heading = [element('strong', {}, name)]
    if (scope) heading.push(element('em', {}, scope))
    const time = element('time', { dateTime: at.toISOString() }, at.toLocaleTimeString([], { timeStyle: 'short' }))
    const classes = ['message', own, scope ? 'alone' : ''].filter(Boolean).join(' ')
    return element(
      'div',
      { className: classes, 'data-state': own ? 'sending' : 'sent' },
      avatarOf(name),
      element('p', { className: 'message-head' }, ...heading, time),
      element('p', { className: 'message-text' }, text),
    )
  }

  /** Scrolls to the new item only if the list was at its end. */
  #append(item) {
    byId('no-messages').hidden = true
    const { scrollHeight, scrollTop, clientHeight } = this.#list
    const atEnd = scrollHeight - scrollTop - clientHeight < 80
    this.#list.append(item)
    while (this.#list.children.length > maxShownMessages) this.#list.firstElementChild.remove()
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight
  }

  #showError(text) {
    this.#problem.textContent = text
    this.#text.toggleAttribute('aria-invalid', text !== '')
  }

  #grow() {
    this.#text.style.setProperty('height', 'auto')
    if (this.#text.value !== '') this.#text.style.setProperty('height', `${Math.min(this.#text.scrollHeight, 160)}px`)
  }
}
