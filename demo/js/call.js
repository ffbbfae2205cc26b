import { LocalMedia } from './media.js'
import { notice } from './notices.js'
import { hasRelay, noRelayText } from './relay.js'
import { Mesh } from './sdk.js'
import { StatusChannel } from './status-channel.js'

/** A call with all participants of a channel of the SDK: sends own media to each, and shows theirs in tiles. */
export class Call {
  media = new LocalMedia()
  mesh
  #tiles
  #ownTile
  #status
  /** Groups the sent tracks, so that the receiver keeps audio and video in sync. */
  #stream = new MediaStream()
  #sent = {}
  #sending = Promise.resolve()

  /** @param ownTile shows the own media @param relayOnly connects through a relay only, so that the others do not learn the own address */
  constructor(channel, tiles, ownTile, relayOnly) {
    this.#tiles = tiles
    this.#ownTile = ownTile
    if (relayOnly && !hasRelay(channel.iceServers)) notice(noRelayText)
    this.mesh = new Mesh(channel, { iceTransportPolicy: relayOnly ? 'relay' : 'all' })
    this.#status = new StatusChannel(this.media.status, (id, status) => {
      const tile = tiles.get(id)
      if (tile) tile.status = status
    })
    this.media.addEventListener('change', () => this.#onMediaChange())
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

  #onMediaChange() {
    const { media } = this
    this.#ownTile.status = media.status
    this.#ownTile.element.classList.toggle('mirrored', !media.screen)
    if (media.picture) this.#ownTile.show(media.picture)
    else this.#ownTile.hide('video')
    this.#status.send(media.status)
    const { microphone, picture } = media
    this.#sending = this.#sending.then(async () => {
      await this.#send('audio', microphone)
      await this.#send('video', picture)
    })
  }

  /**
   * Sends at most one track of each kind. An ended track stays until another replaces it, because replacing needs no new
   * negotiation; the status tells the others that it is off meanwhile.
   */
  async #send(kind, track) {
    const sent = this.#sent[kind]
    if (!track || track === sent) return
    this.#sent[kind] = track
    if (sent) await this.mesh.replaceTrack(sent, track)
    else this.mesh.addTrack(track, this.#stream)
  }
}
