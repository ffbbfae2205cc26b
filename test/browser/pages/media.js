// Media functions of the pages of these tests.

export const camera = () => navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } })

/** The track of a fake camera with a picture of one colour. */
export function colourCamera(colour) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 })
  const paint = () => {
    const brush = canvas.getContext('2d')
    brush.fillStyle = colour
    brush.fillRect(0, 0, canvas.width, canvas.height)
  }
  paint()
  setInterval(paint, 50) // a picture that does not change is not sent again
  return canvas.captureStream(20).getVideoTracks()[0]
}

/** A video element for each other participant. */
export class Tiles {
  #videos = new Map()

  get ids() {
    return [...this.#videos.keys()]
  }

  show(id, track) {
    const video = this.#videos.get(id) ?? this.#add(id)
    video.srcObject.addTrack(track)
  }

  drop(id) {
    this.#videos.get(id)?.remove()
    this.#videos.delete(id)
  }

  /** Red, green and blue in the middle of the picture. */
  colour(id) {
    const video = this.#videos.get(id)
    const brush = new OffscreenCanvas(1, 1).getContext('2d')
    brush.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1)
    return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)]
  }

  #add(id) {
    const video = Object.assign(document.createElement('video'), { autoplay: true, srcObject: new MediaStream() })
    document.body.append(video)
    this.#videos.set(id, video)
    return video
  }
}

/** What a connection has received so far: tracks with video, decoded frames, seconds of sound, and its energy. */
export async function received(connection) {
  const incoming = [...(await connection.getStats()).values()].filter(({ type }) => type === 'inbound-rtp')
  const sum = (field) => incoming.reduce((total, report) => total + (report[field] ?? 0), 0)
  const videos = incoming.filter(({ framesDecoded }) => framesDecoded > 0).length
  return { videos, frames: sum('framesDecoded'), seconds: sum('totalSamplesDuration'), energy: sum('totalAudioEnergy') }
}

/** The energy of the next second of sound; the fake microphone beeps twice in it. */
export async function loudness(connection) {
  const before = await received(connection)
  for (;;) {
    const { seconds, energy } = await received(connection)
    if (seconds - before.seconds >= 1) return energy - before.energy
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The local ICE username fragment, which changes with each ICE restart. */
export const iceOf = (connection) => /a=ice-ufrag:(\S+)/.exec(connection.localDescription.sdp)[1]
