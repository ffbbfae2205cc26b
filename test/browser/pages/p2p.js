// A user in a call over OWT's P2P protocol, with plain socket.io-client and RTCPeerConnection. When its connection is lost, it
// connects to the next address and sends unacked messages again.
import { io } from 'socket.io-client'
import { camera, received, Tiles } from './media.js'

const tiles = new Tiles()
const texts = []
const early = []
const sending = []
const unacked = new Map()
let [me, them, urls, socket, connection, counting] = []
let [tries, rid, seen, authenticated] = [0, 0, 0, false]

function connect() {
  authenticated = false
  const url = urls[tries % urls.length]
  tries += 1
  const attempt = io(`${url}/p2p`, { transports: ['websocket'], reconnection: false, forceNew: true })
  socket = attempt
  const again = () => attempt === socket && setTimeout(connect, 50)
  attempt.once('connect_error', again)
  attempt.once('disconnect', again)
  attempt.on('owt-message', (message, { seq }) => {
    if (seq <= seen) return // after a crash some messages may arrive twice
    seen = seq
    receive(message).catch((error) => console.error(error.stack))
  })
  return new Promise((resolve) => {
    attempt.once('connect', () =>
      attempt.emit('authentication', { token: me }, ({ uid }) => {
        authenticated = true
        for (const number of unacked.keys()) transmit(number)
        resolve(uid)
      }),
    )
  })
}

function transmit(number) {
  const { message, done } = unacked.get(number)
  socket.emit('owt-message', { to: them, ...message }, { rid: number }, (refusal) => {
    unacked.delete(number)
    if (refusal === undefined) done()
    else console.error(`refused: ${JSON.stringify(refusal)}`)
  })
}

function send(type, data) {
  rid += 1
  return new Promise((done) => {
    unacked.set(rid, { message: { type, data }, done })
    if (authenticated) transmit(rid)
  })
}

async function receive({ type, data, from }) {
  if (type === 'chat') texts.push(`${from} ${data}`)
  else if (type === 'candidate')
    await (connection.remoteDescription ? connection.addIceCandidate(data) : early.push(data))
  else {
    await connection.setRemoteDescription(data)
    for (const candidate of early.splice(0)) await connection.addIceCandidate(candidate)
    if (data.type === 'answer') return
    await connection.setLocalDescription()
    send('description', connection.localDescription.toJSON())
  }
}

globalThis.user = {
  async enter(options) {
    ;({ me, them, urls } = options)
    connection = new RTCPeerConnection()
    connection.onicecandidate = ({ candidate }) => candidate && send('candidate', candidate.toJSON())
    connection.ontrack = ({ track }) => tiles.show(them, track)
    const media = await camera()
    for (const track of media.getTracks()) connection.addTrack(track, media)
    return connect()
  },
  async call() {
    await connection.setLocalDescription()
    await send('description', connection.localDescription.toJSON())
  },
  count(ms) {
    counting = setInterval(() => {
      sending.push(send('chat', sending.length + 1))
    }, ms)
  },
  /** Stops counting. Resolves to the last number when all are acked. */
  async stop() {
    clearInterval(counting)
    await Promise.all(sending)
    return sending.length
  },
  state: () => ({ texts, moves: tries - 1, tiles: tiles.ids, url: socket?.io.uri }),
  received: () => received(connection),
}
