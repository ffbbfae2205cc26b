// A user in a call with the SDK: functions for the test, and what the user sees. `exchanger` has no texts.
import { Exchanger, Mesh, Rooms } from 'signalbox/client'
import { camera, colourCamera, iceOf, loudness, received, Tiles } from './media.js'

const tiles = new Tiles()
const texts = []
const moves = []
let [client, mesh, media, counting, release] = []
let sending = []

/** Returns 0 at the first call, so that the client tries its first address first. */
function firstOf(random) {
  let first = true
  return () => {
    const number = first ? 0 : random()
    first = false
    return number
  }
}

async function begin(dialect, options, room, name) {
  client = new { rooms: Rooms, exchanger: Exchanger }[dialect]({ ...options, parts: { random: firstOf(Math.random) } })
  client.on('reconnected', (move) => moves.push(move))
  client.on('resync', () => console.error('something was missing'))
  client.on('closed', ({ code, message }) => code === 'closed' || console.error(`over: ${code} ${message}`))
  if (dialect === 'exchanger') return client.join(room, name)
  client.on('new_message', (text, { nickname }) => texts.push(`${nickname} ${text}`))
  await client.nickname(name)
  return client.enter(room)
}

globalThis.user = {
  async enter({ dialect = 'rooms', urls, room, name }) {
    media = await camera()
    const { id } = await begin(dialect, { url: urls }, room, name)
    mesh = new Mesh(client.channel)
    mesh.on('track', (from, track) => tiles.show(from, track))
    mesh.on('gone', (from) => tiles.drop(from))
    mesh.on('error', (from, error) => console.error(`mesh with ${from}: ${error?.stack ?? error}`))
    for (const track of media.getTracks()) mesh.addTrack(track, media)
    mesh.start()
    return id
  },
  async leave() {
    await client.leave()
    return [...mesh.connections.keys()]
  },
  say: (text) => client.say(text),
  /** Sends 1, 2, 3 … until `stop`, which returns the last number when all are acked. */
  count(ms) {
    sending = []
    counting = setInterval(() => sending.push(client.say(String(sending.length + 1))), ms)
  },
  async stop() {
    clearInterval(counting)
    await Promise.all(sending)
    return sending.length
  },
  share: (colour) => mesh.addTrack(colourCamera(colour)),
  /** Holds the signaling of the call until `release`. */
  hold() {
    const { channel } = client
    const { send } = channel
    const held = []
    channel.send = (...signal) => new Promise((done) => held.push(() => done(send(...signal))))
    release = () => {
      channel.send = send
      for (const go of held) go()
    }
  },
  release: () => release(),
  async switchCamera(colour) {
    const [old] = media.getVideoTracks()
    const track = colourCamera(colour)
    await mesh.replaceTrack(old, track)
    old.stop()
  },
  mute(muted) {
    for (const track of media.getAudioTracks()) track.enabled = !muted
  },
  state: () => ({
    texts,
    moves,
    tiles: tiles.ids,
    negotiations: [...mesh.connections.values()].map(({ signalingState }) => signalingState),
    url: client.connection?.url,
  }),
  colour: (id) => tiles.colour(id),
  received: (id) => received(mesh.connections.get(id)),
  loudness: (id) => loudness(mesh.connections.get(id)),
  ice: (id) => iceOf(mesh.connections.get(id)),
}
