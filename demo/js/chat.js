import { byId, element } from './element.js'
import { complaintAboutText, sentenceOf } from './messages.js'
import { face } from './participant-list.js'

const everyone = ''
const most = 500

/** What is said in a room: to everyone, or to one of them. */
export class Chat {
  #rooms
  #heard
  #list = byId('messages')
  #form = byId('chat-form')
  #text = byId('text')
  #to = byId('to')
  #problem = byId('text-problem')

  /** @param signal when the room is left @param heard called for each message of others */
  constructor(rooms, signal, heard) {
    this.#rooms = rooms
    this.#heard = heard
    this.#list.tabIndex = 0 // so that it can be scrolled by keyboard everywhere
    rooms.on('new_message', (text, { nickname = 'Someone' }) => this.#hear(nickname, text))
    rooms.on('direct_message', (text, { from }) => {
      if (from === rooms.id) return // a milestone of the journey
      this.#hear(rooms.members.get(from) ?? 'Someone who has left', text, 'to you alone')
    })
    this.#form.addEventListener('submit', (event) => this.#submit(event), { signal })
    this.#text.addEventListener('keydown', (event) => this.#key(event), { signal })
    this.#text.addEventListener('input', () => this.#typed(), { signal })
  }

  focus() {
    this.#text.focus()
  }

  writeTo(id) {
    this.#to.value = id
    this.focus()
  }

  /** Something about the room rather than said in it. */
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

  /** Those who can be written to, as they are now. */
  addressees() {
    const { members, id: own } = this.#rooms
    const chosen = this.#to.value
    const others = [...members].filter(([id]) => id !== own)
    this.#to.replaceChildren(
      new Option('Everyone', everyone),
      ...others.map(([id, name]) => new Option(`${name} alone`, id)),
    )
    this.#to.value = members.has(chosen) ? chosen : everyone
    // what was meant for one who has left is not for everyone
    if (chosen !== everyone && !members.has(chosen) && this.#text.value.trim() !== '') {
      this.#complain('The one you were writing to has left. Your message now goes to everyone.')
    }
  }

  clear() {
    this.#list.replaceChildren()
    byId('no-messages').hidden = false
    this.#text.value = ''
    this.#to.replaceChildren()
    this.#complain('')
    this.#grow()
  }

  #hear(nickname, text, how) {
    this.#append(this.#message(nickname, text, how))
    this.#heard()
  }

  #key(event) {
    // Enter that ends the input of a composed character sends nothing
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  #typed() {
    this.#complain(complaintAboutText(this.#text.value) ?? '')
    this.#grow()
  }

  #submit(event) {
    event.preventDefault()
    const text = this.#text.value.trim()
    const complaint = complaintAboutText(text)
    if (complaint) this.#complain(complaint)
    else if (text !== '') this.#say(text)
  }

  async #say(text) {
    const to = this.#to.value
    const { members, id } = this.#rooms
    const how = to === everyone ? undefined : `to ${members.get(to)} alone`
    const shown = this.#message(members.get(id) ?? '', text, how, 'own')
    this.#append(shown)
    this.#text.value = ''
    this.#complain('')
    this.#grow()
    try {
      await (to === everyone ? this.#rooms.say(text) : this.#rooms.whisper(to, text))
      shown.dataset.state = 'said'
    } catch (error) {
      shown.dataset.state = 'failed'
      shown.append(element('p', { className: 'problem' }, `Not sent. ${sentenceOf(error)}`))
    }
  }

  #message(name, text, how, own = '') {
    const at = new Date()
    const heading = [element('strong', {}, name)]
    if (how) heading.push(element('em', {}, how))
    const time = element('time', { dateTime: at.toISOString() }, at.toLocaleTimeString([], { timeStyle: 'short' }))
    const classes = ['message', own, how ? 'alone' : ''].filter(Boolean).join(' ')
    return element(
      'div',
      { className: classes, 'data-state': own ? 'sending' : 'said' },
      face(name),
      element('p', { className: 'message-head' }, ...heading, time),
      element('p', { className: 'message-text' }, text),
    )
  }

  /** Whoever reads what was said before is not taken away from it. */
  #append(item) {
    byId('no-messages').hidden = true
    const { scrollHeight, scrollTop, clientHeight } = this.#list
    const atEnd = scrollHeight - scrollTop - clientHeight < 80
    this.#list.append(item)
    while (this.#list.children.length > most) this.#list.firstElementChild.remove()
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight
  }

  #complain(text) {
    this.#problem.textContent = text
    this.#text.toggleAttribute('aria-invalid', text !== '')
  }

  #grow() {
    this.#text.style.setProperty('height', 'auto')
    if (this.#text.value !== '') this.#text.style.setProperty('height', `${Math.min(this.#text.scrollHeight, 160)}px`)
  }
}
