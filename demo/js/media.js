const constraints = {
  audio: { echoCancellation: true, noiseSuppression: true },
  // everyone sends to everyone: a small picture goes a long way
  video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24 } },
}

const devices = { audio: 'microphone', video: 'camera' }

const goneSentences = {
  microphone: 'Your microphone is gone, and the others do not hear you. To use another one, press “Unmute”.',
  camera: 'Your camera is gone, and the others do not see you. To use another one, press “Camera on”.',
}

/**
 * The person's microphone, camera and screen. Muted means that the track is there and not enabled, so that one can
 * speak again at once; a camera that is off is let go of, so that its light is off too. Tells `change`, `gone` when a
 * device went away, and `devices` when there are others than before.
 */
export class LocalMedia extends EventTarget {
  microphone
  camera
  screen
  #chosen = {}
  #over = false
  #plugged = () => this.dispatchEvent(new Event('devices'))

  /** What the others are told. */
  get status() {
    return {
      audio: this.microphone?.enabled ? 'on' : 'off',
      video: this.screen ? 'screen' : this.camera ? 'camera' : 'off',
    }
  }

  /** What the others are to see. */
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
    navigator.mediaDevices?.addEventListener('devicechange', this.#plugged)
  }

  /**
   * All at once, so that the person is asked once; one alone where there is no other. @param kinds of `audio`, `video`
   * @throws Error with a sentence
   */
  async start(...kinds) {
    if (kinds.length === 0) return
    let failure = await this.#acquire(...kinds).catch((error) => error)
    if (!failure) return
    if (failure.cause?.name === 'NotFoundError' || failure.cause?.name === 'NotReadableError') {
      const alone = await Promise.allSettled(kinds.map((kind) => this.#acquire(kind)))
      const failed = alone.filter(({ status }) => status === 'rejected')
      if (failed.length === 1) failure = failed[0].reason
    }
    throw failure
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

  /** Another microphone or camera, at once if it is in use. @param kind `audio` or `video` */
  async choose(kind, deviceId) {
    const [before, inUse] = [this.#chosen[kind], this[devices[kind]]]
    this.#chosen[kind] = deviceId
    if (!inUse) return
    const { enabled } = inUse
    try {
      await this.#acquire(kind).catch((error) => {
        if (error.cause?.name !== 'NotReadableError') throw error
        inUse.stop() // many phones open one camera at a time
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
      // whoever closes the browser's question has changed their mind: nothing to explain
      if (error.name !== 'NotAllowedError') throw new Error('The screen cannot be shared here.', { cause: error })
    })
    if (!stream) return
    ;[this.screen] = stream.getVideoTracks()
    this.screen.addEventListener('ended', () => this.#endScreen()) // by the browser's own button
    this.#changed()
  }

  stop() {
    this.#over = true
    navigator.mediaDevices?.removeEventListener('devicechange', this.#plugged)
    for (const track of [this.microphone, this.camera, this.screen]) track?.stop()
    this.microphone = this.camera = this.screen = undefined
  }

  #endScreen() {
    this.screen?.stop()
    this.screen = undefined
    this.#changed()
  }

  async #acquire(...kinds) {
    const what = kinds.map((kind) => devices[kind]).join(' and ')
    if (!navigator.mediaDevices) throw new Error(`Browsers give ${what} to pages on https or localhost only.`)
    const wanted = Object.fromEntries(kinds.map((kind) => [kind, this.#constraintsOf(kind)]))
    const stream = await navigator.mediaDevices.getUserMedia(wanted).catch((error) => {
      throw new Error(sentenceFor(error, what), { cause: error })
    })
    if (this.#over)
      for (const track of stream.getTracks()) track.stop() // the person left while being asked
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
      this[device] = undefined // unplugged, or taken back by the person
      delete this.#chosen[track.kind]
      this.#changed()
      this.dispatchEvent(new CustomEvent('gone', { detail: goneSentences[device] }))
    })
  }

  #changed() {
    this.dispatchEvent(new Event('change'))
  }
}

function sentenceFor({ name }, what) {
  const without = 'You can see, hear and read the others, and write.'
  if (name === 'NotAllowedError' || name === 'SecurityError') {
    return `You did not allow ${what}. ${without} To be seen and heard, allow it beside the browser’s address bar.`
  }
  if (name === 'NotFoundError') return `No ${what} was found. ${without}`
  if (name === 'NotReadableError') return `Another program is using your ${what}. ${without}`
  if (name === 'OverconstrainedError') return `This ${what} cannot be used. Choose another one.`
  return `Your ${what} could not be started. ${without}`
}
