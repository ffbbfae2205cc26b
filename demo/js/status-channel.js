/**
 * Sends the state of microphone and camera to the others over a data channel. A disabled track continues as silence, so
 * the other side cannot detect it from the media. Both sides open channel 0, so neither has to wait for the other to
 * offer it.
 */
export class StatusChannel {
  #channels = new Map()
  #status
  #onStatus

  /** @param onStatus called with a participant's id and its status */
  constructor(status, onStatus) {
    this.#status = status
    this.#onStatus = onStatus
  }

  open(id, connection) {
    const channel = connection.createDataChannel('status', { negotiated: true, id: 0 })
    this.#channels.set(id, channel)
    channel.addEventListener('open', () => channel.send(JSON.stringify(this.#status)))
    channel.addEventListener('message', ({ data }) => {
      const status = statusOf(data)
      if (status) this.#onStatus(id, status)
    })
  }

  close(id) {
    this.#channels.delete(id)
  }

  send(status) {
    this.#status = status
    for (const channel of this.#channels.values()) {
      if (channel.readyState === 'open') channel.send(JSON.stringify(status))
    }
  }
}

/** Validates a status: other programs may send anything. */
function statusOf(data) {
  try {
    const { audio, video } = JSON.parse(data)
    const known = ['on', 'off'].includes(audio) && ['camera', 'screen', 'off'].includes(video)
    return known ? { audio, video } : undefined
  } catch {
    return undefined
  }
}
