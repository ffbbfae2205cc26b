import { io } from '../socket.io/socket.io.esm.min.js'
import { atNode } from './nodes.js'
import { iceLifetimeMs, MeshChannel, SignalboxError } from './sdk.js'
import { tokenFor } from './token.js'

const refusedCode = 2121
const refusalTexts = {
  2201: 'is not there. Both of you have to be on this page.',
  2101: 'cannot be reached at the moment.',
}

function refusalError(number, name) {
  return new SignalboxError(String(number), `${name} ${refusalTexts[number] ?? `cannot be called (${number}).`}`)
}

/** The number of messages that are remembered to detect repetitions. */
const maxSeenNumbers = 1000

/**
 * Signaling between two users over the messages of `/p2p`. The server keeps messages for a user who is disconnected, and
 * may deliver some of them twice after the reconnection. Each message has a number, so that a repetition is ignored.
 */
export class P2pSignaling {
  /** The channel for a Mesh. */
  channel = new MeshChannel('earlier', (to, signal) => this.#send(to, { signal }), {
    overdue: () => performance.now() > this.#renewIceAt,
    renew: () => this.#renewIce(),
  })
  uid = ''
  #name
  #token
  /** Whether the token was fetched after a refusal and has not been accepted yet. */
  #isRenewed = false
  #socket
  #events
  #sentCount = 0
  /** Prefix of the message numbers: the same name may connect again later and start from 1. */
  #visitId = Date.now().toString(36)
  #seenNumbers = new Set()
  /** After this moment of `performance.now()` a new call needs new TURN credentials. */
  #renewIceAt = Number.POSITIVE_INFINITY

  /** @param events functions: `up({ url, id })`, `down()`, `takenOver()`, `refused(error)` */
  constructor(name, events) {
    this.#name = name
    this.#token = name // without authentication the token is the user's id
    this.#events = events
  }

  /** @throws SignalboxError when no node answers within 15 s */
  open(urls) {
    const pathAt = (url) => new URL(atNode(url, 'socket.io/')).pathname
    const options = { path: pathAt(urls[0]), transports: ['websocket', 'polling'], forceNew: true }
    this.#socket = io(new URL('/p2p', urls[0]).href, options)
    const socket = this.#socket
    let attempts = 0
    socket.on('connect_error', () => {
      attempts += 1
      const next = urls[attempts % urls.length]
      socket.io.uri = new URL(next).origin // the next attempt of socket.io-client uses it
      socket.io.opts.path = pathAt(next)
    })
    socket.on('disconnect', () => this.#events.down())
    socket.on('server-disconnect', () => this.#events.takenOver())
    socket.on('owt-message', ({ from, data }) => this.#receive(from, data))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.disconnect()
        reject(new SignalboxError('unreachable'))
      }, 15_000)
      socket.on('connect', () => {
        this.#authenticate().then(
          () => {
            if (this.uid === '') return // refused: a new attempt is under way
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

  /** @throws SignalboxError whose message is a sentence when the user cannot be reached */
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
    if (error === refusedCode && !this.#isRenewed) {
      this.#token = await tokenFor('p2p', this.#name)
      this.#isRenewed = true
      this.#socket.disconnect().connect() // which authenticates again
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

  /** Requests ICE servers, which the ack of `authentication` does not have. Without an answer the present ones stay. */
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

  /** Sends until acked, because a connection can be lost together with the message or its ack. */
  async #send(to, content) {
    this.#sentCount += 1
    const data = { ...content, number: `${this.#visitId} ${this.#sentCount}` }
    for (;;) {
      const number = await this.#socket
        .timeout(5000)
        .emitWithAck('owt-message', { to, data })
        .catch(() => 'no answer')
      if (number === undefined) return
      if (number !== 'no answer') throw refusalError(number, to)
      if (!this.#socket.active) throw new SignalboxError('lost')
    }
  }

  #receive(from, data) {
    const number = `${from} ${data?.number}`
    if (data?.number !== undefined && this.#seenNumbers.has(number)) return
    this.#seenNumbers.add(number)
    if (this.#seenNumbers.size > maxSeenNumbers) this.#seenNumbers.delete(this.#seenNumbers.values().next().value)
    if (data?.signal) this.channel.receive(from, data.signal)
    else if (data?.bye) this.channel.left(from)
  }
}
