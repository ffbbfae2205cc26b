const constraints = {
  audio: { echoCancellation: true, noiseSuppression: true },
  // a full mesh: each participant encodes and sends once per peer, so keep the picture small
  video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24 } },
}

const devices = { audio: 'microphone', video: 'camera' }

const endedTexts = {
  microphone: 'Your microphone is gone, and the others do not hear you. To use another one, press “Unmute”.',
  camera: 'Your camera is gone, and the others do not see you. To use another one, press “Camera on”.',
}

/**
 * The user's microphone, camera and screen. A muted microphone keeps its track and disables it, so that unmuting is
 * immediate; a camera that is off is stopped, so that its light goes off. Events: `change`, `gone` when a device ended
 * by itself, and `devices` when the list of devices changed.
 */
export class LocalMedia extends EventTarget {
  microphone
  camera
  screen
  #chosen = {}
  #stopped = false
  #onDeviceChange = () => this.dispatchEvent(new Event('devices'))

  /** What the other participants are shown about microphone and camera. */
  get status() {
    return {
      audio: this.microphone?.enabled ? 'on' : 'off',
      video: this.screen ? 'screen' : this.camera ? 'camera' : 'off',
    }
  }

  /** The video track that is sent. */
  get picture() {
    return this.screen ?? this.camera
  }

  get chosen() {
    return {
      audio: this.#chosen.audio ?? this.microphone?.getSettings().deviceId,
      video: this.#chosen.video ?? this.camera?.getSettings().deviceId,
    }
  }

  constructor() {
    super()
    navigator.mediaDevices?.addEventListener('devicechange', this.#onDeviceChange)
  }

  /**
   * Requests all devices at once, so that the browser asks once. If one device is missing, starts the other.
   * @param kinds `audio`, `video`
   * @throws Error whose message is a sentence for the user
   */
  async start(...kinds) {
    if (kinds.length === 0) return
    let error = await this.#acquire(...kinds).catch((error) => error)
    if (!error) return
    if (error.cause?.name === 'NotFoundError' || error.cause?.name === 'NotReadableError') {
      const alone = await Promise.allSettled(kinds.map((kind) => this.#acquire(kind)))
      const failed = alone.filter(({ status }) => status === 'rejected')
      if (failed.length === 1) error = failed[0].reason
    }
    throw error
  }

  async toggleMicrophone() {
    if (!this.microphone) return this.#acquire('audio')
    this.microphone.enabled = !this.microphone.enabled
    this.#changed()
  }

  async toggleCamera() {
    if (!this.camera) return this.#acquire('video')
    this.camera.stop()
    this.camera = undefined
    this.#changed()
  }

  /** Selects a microphone or camera, and switches to it if the device is in use. @param kind `audio` or `video` */
  async choose(kind, deviceId) {
    const [before, inUse] = [this.#chosen[kind], this[devices[kind]]]
    this.#chosen[kind] = deviceId
    if (!inUse) return
    const { enabled } = inUse
    try {
      await this.#acquire(kind).catch((error) => {
        if (error.cause?.name !== 'NotReadableError') throw error
        inUse.stop() // many phones open only one camera at a time
        return this.#acquire(kind)
      })
    } catch (error) {
      this.#chosen[kind] = before
      if (inUse.readyState === 'ended') await this.#acquire(kind)
      throw error
    }
    this[devices[kind]].enabled = enabled
    this.#changed()
  }

  async toggleScreen() {
    if (this.screen) return this.#endScreen()
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: true }).catch((error) => {
      // the user dismissed the browser's dialog: no explanation needed
      if (error.name !== 'NotAllowedError') throw new Error('The screen cannot be shared here.', { cause: error })
    })
    if (!stream) return
    ;[this.screen] = stream.getVideoTracks()
    this.screen.addEventListener('ended', () => this.#endScreen()) // the browser's own button to stop sharing
    this.#changed()
  }

  stop() {
    this.#stopped = true
    navigator.mediaDevices?.removeEventListener('devicechange', this.#onDeviceChange)
    for (const track of [this.microphone, this.camera, this.screen]) track?.stop()
    this.microphone = this.camera = this.screen = undefined
  }

  #endScreen() {
    this.screen?.stop()
    this.screen = undefined
    this.#changed()
  }

  async #acquire(...kinds) {
    const names = kinds.map((kind) => devices[kind]).join(' and ')
    if (!navigator.mediaDevices) throw new Error(`Browsers allow ${names} only for pages on https or localhost.`)
    const request = Object.fromEntries(kinds.map((kind) => [kind, this.#constraintsOf(kind)]))
    const stream = await navigator.mediaDevices.getUserMedia(request).catch((error) => {
      throw new Error(sentenceFor(error, names), { cause: error })
    })
    if (this.#stopped)
      for (const track of stream.getTracks()) track.stop() // the user left while the browser asked
    else this.#takeAll(stream)
  }

  #takeAll(stream) {
    for (const track of stream.getTracks()) this.#take(devices[track.kind], track)
    this.#changed()
  }

  #constraintsOf(kind) {
    const deviceId = this.#chosen[kind]
    return { ...constraints[kind], ...(deviceId ? { deviceId: { exact: deviceId } } : {}) }
  }

  #take(device, track) {
    this[device]?.stop()
    this[device] = track
    track.addEventListener('ended', () => {
      if (this[device] !== track) return
      this[device] = undefined // unplugged, or the permission was revoked
      delete this.#chosen[track.kind]
      this.#changed()
      this.dispatchEvent(new CustomEvent('gone', { detail: endedTexts[device] }))
    })
  }

  #changed() {
    this.dispatchEvent(new Event('change'))
  }
}

function sentenceFor({ name }, names) {
  const whatWorks = 'You can see, hear and read the others, and write.'
  if (name === 'NotAllowedError' || name === 'SecurityError') {
    return `You did not allow ${names}. ${whatWorks} To be seen and heard, allow it beside the browser’s address bar.`
  }
  if (name === 'NotFoundError') return `No ${names} was found. ${whatWorks}`
  if (name === 'NotReadableError') return `Another program is using your ${names}. ${whatWorks}`
  if (name === 'OverconstrainedError') return `This ${names} cannot be used. Choose another one.`
  return `Your ${names} could not be started. ${whatWorks}`
}
