import { newId } from '../../src/core/ids.ts'
import { exchanger, p2p, portal, rooms } from '../../src/protocol/index.ts'
import { loginInfo } from './client.ts'
import type { Random } from './random.ts'

/** One WebSocket frame: a text or a binary message, or part of one, or a control frame. */
export type Frame = { data: string | Buffer; kind: 'message' | 'fragment' | 'ping' | 'pong' }

const namespaces: [string, string[]][] = [
  ['', Object.keys(portal)],
  ['/exchanger,', Object.keys(exchanger)],
  ['/rooms,', Object.keys(rooms)],
  ['/p2p,', Object.keys(p2p)],
]
const fieldNames = [
  'to',
  'id',
  'room',
  'message',
  'token',
  'ticket',
  'seq',
  'type',
  'data',
  'channelName',
  'user',
  '__proto__',
  'constructor',
  'length',
  'toString',
  '_placeholder',
  'num',
  'rid',
]
const texts = [
  '',
  'all',
  'x',
  '__proto__',
  '\ud83d',
  '\udc00\ud800',
  '😀',
  '\u0000',
  '\u001e',
  '\u2028',
  'null',
  '-1',
  '1e999',
  '[',
  '{"a":',
  '"',
  '\\',
  '../..',
  '%00',
]
const numbers = [0, -0, 1, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, 4e9]
const separator = '\u001e'

/** What a new connection sends first: CONNECT packets, and a request to enter for each of some namespaces. */
export type Opening = { connects: string[]; entries: string[] }

/**
 * Frames for an Engine.IO connection: valid requests that the node executes, the same events with random data, packets with
 * mistakes, and pure noise. Frames that close the connection are few, so that the node reads most of the others.
 */
export class RandomFrames {
  readonly #random: Random
  readonly #room: string
  #joined = namespaces

  /** @param room what all enter, and the `/p2p` user to whom they send */
  constructor(random: Random, room: string) {
    this.#random = random
    this.#room = room
  }

  /** Most connections enter in every namespace, some in one, and some connect without entering or do nothing. */
  opening(): Opening {
    const random = this.#random
    this.#joined = random.chance(0.7) ? namespaces : [random.pick(namespaces)]
    const connects = this.#joined.map(([namespace]) => `40${namespace}`)
    const kind = random.next()
    if (kind < 0.05) return { connects: [], entries: [] }
    return { connects, entries: kind < 0.1 ? [] : this.#joined.map(([namespace]) => this.#entry(namespace)) }
  }

  next(): Frame {
    const random = this.#random
    if (random.chance(0.03)) return { data: this.#bytes(125), kind: random.pick(['ping', 'pong'] as const) }
    const data = this.#data()
    return { data, kind: random.chance(0.05) ? 'fragment' : 'message' }
  }

  #entry(namespace: string): string {
    const entries: { [namespace: string]: unknown[] } = {
      // the answer to a wrong token is delayed, so the user's name is a valid one
      '': ['login', loginInfo({ room: this.#room, user: nameOf(`u${this.#text().slice(0, 50)}`) })],
      '/exchanger,': ['joinStream', { channelName: this.#room }],
      '/rooms,': ['enter_room', this.#room],
      '/p2p,': ['authentication', { token: newId() }],
    }
    return `42${namespace}0${JSON.stringify(entries[namespace])}`
  }

  #data(): string | Buffer {
    const random = this.#random
    const kind = random.next()
    if (kind < 0.45) return this.#valid()
    if (kind < 0.93) return this.#request()
    if (kind < 0.96) return this.#mutated(random.chance(0.5) ? this.#valid() : this.#request())
    if (kind < 0.97) return `4${Math.floor(random.next() * 10)}${this.#noise(40)}`
    if (kind < 0.98) return this.#withAttachments()
    if (kind < 0.99) return this.#bytes(300)
    return this.#noise(60)
  }

  /** A request that the node executes if the connection has entered. */
  #valid(): string {
    const random = this.#random
    const [namespace] = random.pick(this.#joined)
    const room = this.#room
    const requests: { [namespace: string]: unknown[][] } = {
      '': [['text', { to: 'all', message: this.#text().slice(0, 2000) }], ['refreshReconnectionTicket']],
      '/exchanger,': [
        ['candidate', { channelName: room, candidate: this.#value(3) }],
        ['offer', { channelName: room, sessionDescriptor: this.#value(3) }],
      ],
      '/rooms,': [['new_message', this.#text().slice(0, 2000)], ['ice', this.#value(3), room], ['rooms']],
      '/p2p,': [['owt-message', { to: room, data: this.#value(3) }]],
    }
    return `42${namespace}${this.#count(1000)}${JSON.stringify(random.pick(requests[namespace] ?? []))}`
  }

  #request(): string {
    const random = this.#random
    const [namespace, events] = random.pick(random.chance(0.99) ? this.#joined : namespaces)
    const picked = random.chance(0.9) ? random.pick(events) : this.#text()
    // a relogin without a good ticket ends the connection
    const event = picked === 'relogin' && random.chance(0.8) ? 'refreshReconnectionTicket' : picked
    const args = Array.from({ length: Math.floor(random.next() * 3) }, () => this.#value(3))
    const id = random.chance(0.8) ? Math.floor(random.next() * 1000) : ''
    return `42${namespace}${id}${JSON.stringify([event, ...args])}`
  }

  #withAttachments(): string {
    const { attachments, placeholders } = { attachments: this.#count(3), placeholders: this.#count(3) }
    const list = Array.from({ length: placeholders }, (_, num) => ({ _placeholder: true, num }))
    return `45${attachments}-${JSON.stringify(['text', ...list])}`
  }

  #value(depth: number): unknown {
    const random = this.#random
    const kind = depth === 0 ? random.next() * 0.6 : random.next()
    if (kind < 0.3) return this.#text()
    if (kind < 0.45) return random.pick(numbers)
    if (kind < 0.6) return random.pick([null, true, false])
    if (kind < 0.7) return Array.from({ length: this.#count(4) }, () => this.#value(depth - 1))
    const pairs = Array.from(
      { length: this.#count(4) },
      () => [random.pick(fieldNames), this.#value(depth - 1)] as const,
    )
    return Object.fromEntries(pairs)
  }

  #text(): string {
    const random = this.#random
    if (random.chance(0.7)) return random.pick(texts)
    if (random.chance(0.05)) return random.pick(['a', '\u0001', '\ud800']).repeat(this.#count(5000))
    return this.#noise(30)
  }

  /** A character is changed, added or taken away, in one to three places. */
  #mutated(packet: string): string {
    let text = packet
    for (let times = 1 + this.#count(3); times > 0; times -= 1) {
      const at = this.#count(text.length + 1)
      const insert = this.#random.chance(0.6) ? this.#character() : ''
      text = text.slice(0, at) + insert + text.slice(at + (this.#random.chance(0.5) ? 1 : 0))
    }
    return text
  }

  #noise(most: number): string {
    return Array.from({ length: this.#count(most) }, () => this.#character()).join('')
  }

  #character(): string {
    const random = this.#random
    if (random.chance(0.5)) return random.pick([...'0123456789[]{}",:-/b\\', separator])
    return String.fromCharCode(Math.floor(random.next() * (random.chance(0.8) ? 128 : 65_536)))
  }

  #bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.#count(most) }, () => Math.floor(this.#random.next() * 256)))
  }

  /** From 0 to below `most`. */
  #count(most: number): number {
    return Math.floor(this.#random.next() * most)
  }
}

/** Without the characters that no name may have. */
const nameOf = (text: string) => text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '')
