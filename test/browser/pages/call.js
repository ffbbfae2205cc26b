// A person in a call by the SDK: what a test tells it to do, and what it sees. `exchanger` has no text of its own.
import { Exchanger, Mesh, Rooms } from 'signalbox/client'
import { camera, colourCamera, iceOf, loudness, received, Tiles } from './media.js'

const tiles = new Tiles()
const texts = []
const moves = []
let [client, mesh, media, counting, release] = []
let said = []

/** The first address first. */
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

globalThis.person = {
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
  /** Says 1, 2, 3 … until `stop`, which tells how far it came, all of it acked. */
  count(ms) {
    said = []
    counting = setInterval(() => said.push(client.say(String(said.length + 1))), ms)
  },
  async stop() {
    clearInterval(counting)
    await Promise.all(said)
    return said.length
  },
  share: (colour) => mesh.addTrack(colourCamera(colour)),
  /** Keeps what the call has to say back until `release`. */
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
  sees: () => ({
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
