import { LocalMedia } from './media.js'
import { notice } from './notices.js'
import { hasRelay, noRelay } from './relay.js'
import { Mesh } from './sdk.js'
import { StatusChannel } from './status-channel.js'

/** A call with everyone on a channel of the SDK: own media to all of them, theirs into tiles. */
export class Call {
  media = new LocalMedia()
  mesh
  #tiles
  #ownTile
  #status
  /** Names the tracks that belong together, so that lips and voice do. */
  #stream = new MediaStream()
  #sent = {}
  #turn = Promise.resolve()

  /** @param ownTile where one sees oneself @param relayOnly whether the others must not learn one's address */
  constructor(channel, tiles, ownTile, relayOnly) {
    this.#tiles = tiles
    this.#ownTile = ownTile
    if (relayOnly && !hasRelay(channel.iceServers)) notice(noRelay)
    this.mesh = new Mesh(channel, { iceTransportPolicy: relayOnly ? 'relay' : 'all' })
    this.#status = new StatusChannel(this.media.status, (id, status) => {
      const tile = tiles.get(id)
      if (tile) tile.status = status
    })
    this.media.addEventListener('change', () => this.#follow())
    this.#listen()
  }

  start() {
    this.mesh.start()
  }

  stop() {
    this.mesh.stop()
    this.media.stop()
  }

  #listen() {
    const { mesh } = this
    mesh.on('peer', (id, connection) => this.#status.open(id, connection))
    mesh.on('track', (id, track) => this.#tiles.get(id)?.show(track))
    mesh.on('state', (id, state) => {
      const tile = this.#tiles.get(id)
      if (tile) tile.connection = state
    })
    mesh.on('gone', (id) => {
      this.#status.close(id)
      this.#tiles.get(id)?.reset()
    })
    mesh.on('error', (id, error) => console.warn(`The call with ${id}:`, error))
  }

  #follow() {
    const { media } = this
    this.#ownTile.status = media.status
    this.#ownTile.element.classList.toggle('mirrored', !media.screen)
    if (media.picture) this.#ownTile.show(media.picture)
    else this.#ownTile.hide('video')
    this.#status.tell(media.status)
    const { microphone, picture } = media
    this.#turn = this.#turn.then(async () => {
      await this.#send('audio', microphone)
      await this.#send('video', picture)
    })
  }

  /**
   * One track of each kind is sent at most. One that ended stays until another takes its place, which needs no new
   * negotiation; that there is nothing to see in the meantime is told by the status.
   */
  async #send(kind, track) {
    const sent = this.#sent[kind]
    if (!track || track === sent) return
    this.#sent[kind] = track
    if (sent) await this.mesh.replaceTrack(sent, track)
    else this.mesh.addTrack(track, this.#stream)
  }
}
