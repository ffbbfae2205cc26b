/** A microphone and no camera. */
export const noCamera = `{
  const { mediaDevices } = navigator
  const get = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.video) throw new DOMException('Requested device not found', 'NotFoundError')
    return get(wanted)
  }
}`

/** A second camera with a green picture, until `unplug()`. With `oneAtATime` it opens only while the first is closed. */
export const greenCamera = `{
  const { mediaDevices } = navigator
  const [list, get] = [mediaDevices.enumerateDevices, mediaDevices.getUserMedia].map((f) => f.bind(mediaDevices))
  const tracks = []
  let first
  let devices = [{ kind: 'videoinput', deviceId: 'green', label: 'Green' }]
  globalThis.unplug = () => {
    devices = []
    for (const track of tracks) {
      track.stop()
      track.dispatchEvent(new Event('ended'))
    }
    mediaDevices.dispatchEvent(new Event('devicechange'))
  }
  mediaDevices.enumerateDevices = async () => [...(await list()), ...devices]
  mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.video?.deviceId?.exact !== 'green') {
      const stream = await get(wanted)
      first = stream.getVideoTracks()[0]
      return stream
    }
    if (globalThis.oneAtATime && first?.readyState === 'live') throw new DOMException('', 'NotReadableError')
    if (devices.length === 0) throw new OverconstrainedError('deviceId')
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 })
    const brush = canvas.getContext('2d')
    brush.fillStyle = 'rgb(0, 200, 0)'
    setInterval(() => brush.fillRect(0, 0, 320, 240), 50)
    const stream = canvas.captureStream(20)
    tracks.push(...stream.getTracks())
    return stream
  }
}`

/** A small picture and no sound, for a room full of browsers on one machine. */
export const smallCamera = `{
  const { mediaDevices } = navigator
  const get = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = () => get({ video: { width: 160, height: 120, frameRate: 10 } })
}`

/** Blocks sound until the user has pressed a key or the pointer, as browsers do outside of tests. */
export const silentUntilTouched = `{
  const { play } = HTMLMediaElement.prototype
  let touched = false
  for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, () => { touched = true }, { capture: true })
  HTMLMediaElement.prototype.play = function () {
    if (this.muted || touched) return play.call(this)
    this.pause()
    return Promise.reject(new DOMException('', 'NotAllowedError'))
  }
}`
