import { io } from '../socket.io/socket.io.esm.min.js'
import { atNode } from './nodes.js'
import { iceLifetimeMs, MeshChannel, SignalboxError } from './sdk.js'
import { tokenFor } from './token.js'

const refused = 2121
const refusals = { 2201: 'is not there. Both of you have to be on this page.', 2101: 'cannot be reached just now.' }

function refusalOf(number, name) {
  return new SignalboxError(String(number), `${name} ${refusals[number] ?? `cannot be called (${number}).`}`)
}

/** How many messages are remembered, so as not to be taken twice. */
const most = 1000

/**
 * What two people who call each other say, over the messages of `/p2p`. The server keeps those for one who has lost the
 * connection and is coming back, and then may say some of them twice; so each has a number, and counts once.
 */
export class P2pLine {
  /** For a Mesh. */
  channel = new MeshChannel('earlier', (to, signal) => this.#send(to, { signal }), {
    overdue: () => performance.now() > this.#renewIceAt,
    renew: () => this.#renewIce(),
  })
  uid = ''
  #name
  #token
  /** Whether this token was got after a refusal, and not taken yet. */
  #isRenewed = false
  #socket
  #events
  #told = 0
  /** Begins the numbers of this visit: somebody may come back under the same name. */
  #visit = Date.now().toString(36)
  #heard = new Set()
  /** From then on a new call needs new TURN credentials, ms on the clock of `performance.now()`. */
  #renewIceAt = Number.POSITIVE_INFINITY

  /** @param events functions: `up({ url, id })`, `down()`, `displaced()`, `refused(error)` */
  constructor(name, events) {
    this.#name = name
    this.#token = name // where no token is needed, this is the id that one is called by
    this.#events = events
  }

  /** @throws SignalboxError when nobody answers within 15 s */
  open(urls) {
    const pathAt = (url) => new URL(atNode(url, 'socket.io/')).pathname
    const options = { path: pathAt(urls[0]), transports: ['websocket', 'polling'], forceNew: true }
    this.#socket = io(new URL('/p2p', urls[0]).href, options)
    const socket = this.#socket
    let tries = 0
    socket.on('connect_error', () => {
      tries += 1
      const next = urls[tries % urls.length]
      socket.io.uri = new URL(next).origin // where its next try goes
      socket.io.opts.path = pathAt(next)
    })
    socket.on('disconnect', () => this.#events.down())
    socket.on('server-disconnect', () => this.#events.displaced())
    socket.on('owt-message', ({ from, data }) => this.#hear(from, data))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.disconnect()
        reject(new SignalboxError('unreachable'))
      }, 15_000)
      socket.on('connect', () => {
        this.#authenticate().then(
          () => {
            if (this.uid === '') return // it is tried again
            clearTimeout(timer)
            resolve()
          },
          (error) => {
            reject(error)
            if (this.uid !== '') this.#events.refused(error)
          },
        )
      })
    })
  }

  /** @throws Error with a sentence when that person is not there */
  async call(id) {
    await this.#send(id, { hello: true })
    this.channel.joined(id)
  }

  async close(others) {
    await Promise.allSettled(others.map((id) => this.#send(id, { bye: true })))
    this.channel.closed()
    this.#socket.disconnect()
  }

  async #authenticate() {
    const { uid, error, message } = await this.#socket.emitWithAck('authentication', { token: this.#token })
    if (error === refused && !this.#isRenewed) {
      this.#token = await tokenFor('p2p', this.#name)
      this.#isRenewed = true
      this.#socket.disconnect().connect() // and comes here again
      return
    }
    if (error) throw new SignalboxError('unauthorized', message)
    this.#isRenewed = false
    if (this.uid === '') {
      this.channel.entered(uid, [], undefined)
      await this.#renewIce()
    } else this.channel.reconnected()
    this.uid = uid
    const { uri: url, engine } = this.#socket.io
    this.#events.up({ url, id: engine.id })
  }

  /** The ack of `authentication` has no ICE servers. Without an answer those in hand stay. */
  #renewIce() {
    return new Promise((resolve) => {
      this.#socket.timeout(3000).emit('refreshReconnectionTicket', { ice: true }, (error, _status, reply) => {
        if (!error && reply?.iceServers) {
          const lifetime = iceLifetimeMs(reply.iceServers, reply.ticket) ?? Number.POSITIVE_INFINITY
          this.#renewIceAt = performance.now() + 0.3 * lifetime
          this.channel.iceServers = reply.iceServers
        }
        resolve()
      })
    })
  }

  /** Until it is acked: a connection may be lost with the message or with the ack. */
  async #send(to, said) {
    this.#told += 1
    const data = { ...said, number: `${this.#visit} ${this.#told}` }
    for (;;) {
      const number = await this.#socket
        .timeout(5000)
        .emitWithAck('owt-message', { to, data })
        .catch(() => 'no answer')
      if (number === undefined) return
      if (number !== 'no answer') throw refusalOf(number, to)
      if (!this.#socket.active) throw new SignalboxError('lost')
    }
  }

  #hear(from, data) {
    const number = `${from} ${data?.number}`
    if (data?.number !== undefined && this.#heard.has(number)) return
    this.#heard.add(number)
    if (this.#heard.size > most) this.#heard.delete(this.#heard.values().next().value)
    if (data?.signal) this.channel.receive(from, data.signal)
    else if (data?.bye) this.channel.left(from)
  }
}
