import type { JoinResult } from '../../../src/client/index.ts'
import type { OwtSignaling } from '../../../src/client/owt-signaling.ts'

/**
 * Uses its signaling as OWT's conference client does (docs/owt.md#client-libraries): it reads the host from the token, logs in as
 * protocol 1.2, accepts `participant`, `text`, `stream` and `progress`, and warns of any other notification. The session has ended
 * when the signaling emits `disconnect`. It removes no duplicates.
 */
export class OwtClient {
  readonly events: string[] = []
  readonly warnings: string[] = []
  readonly participants = new Map<string, unknown>()
  readonly streams = new Map<string, unknown>()
  state: 'ready' | 'connecting' | 'connected' = 'ready'
  id = ''
  readonly #signaling: OwtSignaling
  readonly #waiting: { count: number; resolve: () => void }[] = []

  constructor(signaling: OwtSignaling) {
    this.#signaling = signaling
    signaling.addEventListener('data', (event) =>
      this.#onSignalingMessage(event.message.notification, event.message.data),
    )
    signaling.addEventListener('disconnect', () => {
      this.state = 'ready'
      this.#record('serverdisconnected')
    })
  }

  async join(token: string): Promise<JoinResult> {
    if (this.state !== 'ready') throw new Error('connection state invalid')
    this.state = 'connecting'
    const { host, secure } = JSON.parse(Buffer.from(token, 'base64').toString()) as { host: string; secure: boolean }
    const loginInfo = { token, userAgent: { sdk: { version: '5.1', type: 'JavaScript' } }, protocol: '1.2' }
    try {
      const result = await this.#signaling.connect(host, secure === true, loginInfo)
      this.state = 'connected'
      this.id = result.id
      for (const participant of result.room.participants) this.participants.set(participant.id, participant)
      for (const stream of result.room.streams) this.streams.set(stream.id, stream)
      return result
    } catch (reason) {
      this.state = 'ready'
      throw new Error(`${reason}`) // ConferenceError(message): anything but a string would be [object Object]
    }
  }

  send(message: string, to = 'all'): Promise<unknown> {
    return this.#signaling.send('text', { to, message })
  }

  async leave(): Promise<void> {
    await this.#signaling.disconnect()
    this.state = 'ready'
  }

  /** Resolves when `count` events have occurred. */
  async until(count: number): Promise<string[]> {
    if (this.events.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    }
    return this.events
  }

  #onSignalingMessage(notification: string, data: unknown): void {
    if (notification === 'text') this.#record(`messagereceived ${(data as { message: string }).message}`)
    else if (notification === 'participant') this.#onParticipant(data as { action: string; data: unknown })
    else if (notification === 'stream') this.#onStream(data as { id: string; status: string; data: unknown })
    else if (notification !== 'progress') this.warnings.push(notification)
  }

  #onParticipant({ action, data }: { action: string; data: unknown }): void {
    const { id, user } = data as { id: string; user: string }
    if (action === 'join') {
      this.participants.set(id, data)
      this.#record(`participantjoined ${user}`)
    } else if (this.participants.delete(data as string)) this.#record('left')
    else this.warnings.push(`leave of ${data}`)
  }

  #onStream({ id, status, data }: { id: string; status: string; data: unknown }): void {
    if (status === 'add') {
      this.streams.set(id, data)
      this.#record('streamadded')
    } else if (status === 'remove' && this.streams.delete(id)) this.#record('ended')
  }

  #record(what: string): void {
    this.events.push(what)
    for (const { count, resolve } of this.#waiting) if (this.events.length >= count) resolve()
  }
}
