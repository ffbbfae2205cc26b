import type { IncomingMessage } from 'node:http'
import type { RefusalLog } from '../../observability/refusal-log.ts'
import type { Admission, AdmissionRefusal } from './admission.ts'
import { rejectHandshake } from './reject-handshake.ts'

/** Engine.IO's event about a handshake that it has refused. */
export type HandshakeError = { req: IncomingMessage; code: number; message: string }

/** The code of a handshake that `allowRequest` has refused. */
const forbiddenCode = 4

/** Node-local refusals: answered with 503, so that a load balancer tries another node. */
const retryOnAnotherNode: ReadonlySet<AdmissionRefusal> = new Set<AdmissionRefusal>([
  'draining',
  'cut_off',
  'connections',
])

export type HandshakeDeps = {
  admission: Admission
  refusals: RefusalLog
  addressOf: (request: IncomingMessage) => string
  /** Whether the node has already logged why it does not forward this request. */
  isLogged: (request: IncomingMessage) => boolean
  /** The path of Socket.IO, with the slash at its end. */
  path: () => string
}

/** Admits or refuses handshakes, and logs each refusal once. */
export class Handshake {
  readonly #deps: HandshakeDeps

  constructor(deps: HandshakeDeps) {
    this.#deps = deps
  }

  /** Engine.IO's `allowRequest`. */
  readonly decide = (
    request: IncomingMessage,
    callback: (error: string | null | undefined, allowed: boolean) => void,
  ): void => {
    const reason = this.#deps.admission.refusalOf(request)
    if (reason) this.#note(reason, request)
    if (reason && retryOnAnotherNode.has(reason)) rejectHandshake(request, reason)
    else callback(reason ?? null, reason === undefined)
  }

  /** Refuses an upgrade at another path than Socket.IO's: Engine.IO would keep its TCP connection half open for any time. */
  refuseOtherPath(request: IncomingMessage): void {
    if (request.url?.startsWith(this.#deps.path())) return
    this.#note('bad_handshake', request)
    rejectHandshake(request, 'not_found', 404)
  }

  /** Engine.IO has refused an invalid handshake. */
  onError({ req, code, message }: HandshakeError): void {
    if (code !== forbiddenCode && !this.#deps.isLogged(req)) this.#note('bad_handshake', req, { why: message })
  }

  #note(reason: string, request: IncomingMessage, about: object = {}): void {
    const { refusals, addressOf } = this.#deps
    refusals.note(reason, { ...about, address: addressOf(request) }, 'connection refused')
  }
}
