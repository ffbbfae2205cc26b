/**
 * Tells the others whether microphone and camera are on, over a data channel beside the media: a track that is not
 * enabled goes on as silence, of which the other side is told nothing. Both sides open channel 0, so neither has to wait
 * for the other to offer it.
 */
export class StatusChannel {
  #channels = new Map()
  #status
  #heard

  /** @param heard called with a participant's id and its status */
  constructor(status, heard) {
    this.#status = status
    this.#heard = heard
  }

  open(id, connection) {
    const channel = connection.createDataChannel('status', { negotiated: true, id: 0 })
    this.#channels.set(id, channel)
    channel.addEventListener('open', () => channel.send(JSON.stringify(this.#status)))
    channel.addEventListener('message', ({ data }) => {
      const status = statusOf(data)
      if (status) this.#heard(id, status)
    })
  }

  close(id) {
    this.#channels.delete(id)
  }

  tell(status) {
    this.#status = status
    for (const channel of this.#channels.values()) {
      if (channel.readyState === 'open') channel.send(JSON.stringify(status))
    }
  }
}

/** What another program sent may be anything. */
function statusOf(data) {
  try {
    const { audio, video } = JSON.parse(data)
    const known = ['on', 'off'].includes(audio) && ['camera', 'screen', 'off'].includes(video)
    return known ? { audio, video } : undefined
  } catch {
    return undefined
  }
}
