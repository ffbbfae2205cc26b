/** There is a microphone, and nothing to see with. */
export const noCamera = `{
  const { mediaDevices } = navigator
  const get = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.video) throw new DOMException('Requested device not found', 'NotFoundError')
    return get(wanted)
  }
}`

/** A second camera, pointed at something green. */
export const greenCamera = `{
  const { mediaDevices } = navigator
  const [list, get] = [mediaDevices.enumerateDevices, mediaDevices.getUserMedia].map((f) => f.bind(mediaDevices))
  mediaDevices.enumerateDevices = async () => [...(await list()), { kind: 'videoinput', deviceId: 'green', label: 'Green' }]
  mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.video?.deviceId?.exact !== 'green') return get(wanted)
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 })
    const brush = canvas.getContext('2d')
    brush.fillStyle = 'rgb(0, 200, 0)'
    setInterval(() => brush.fillRect(0, 0, 320, 240), 50)
    return canvas.captureStream(20)
  }
}`

/** A small picture and no sound, for a room full of browsers on one machine. */
export const smallCamera = `{
  const { mediaDevices } = navigator
  const get = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = () => get({ video: { width: 160, height: 120, frameRate: 10 } })
}`
