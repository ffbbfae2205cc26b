import type { ErrorCode } from '../../core/errors.ts'
import { ackFormatWith } from '../../gateway/acks.ts'
import type { AckFormat } from '../../gateway/dialect.ts'
import { p2pErrors } from '../../protocol/p2p.ts'

const plain = ackFormatWith('ok')

/** OWT's error numbers. OWT's SDK treats only a number as a refusal (docs/owt.md#p2p). */
const numbers: { readonly [code in ErrorCode]?: number } = {
  illegal_request: p2pErrors.notAuthenticated,
  moved: p2pErrors.notAuthenticated,
  no_such_participant: p2pErrors.unreachable,
  unavailable: p2pErrors.unavailable,
  draining: p2pErrors.unavailable,
  too_many_requests: p2pErrors.busy,
  bad_request: p2pErrors.illegalArgument,
  invalid_receiver: p2pErrors.illegalArgument,
  too_large: p2pErrors.illegalArgument,
}

/** OWT's two requests have the acks of OWT, the session verbs those of every dialect. */
export const acks: AckFormat = {
  accept: (event, reply) => {
    if (event === 'authentication') return [reply]
    return event === 'owt-message' ? [] : plain.accept(event, reply)
  },
  refuse: (event, refusal, message) => {
    const { code } = refusal
    if (event === 'authentication') return [{ error: p2pErrors.refused, message, code }]
    return event === 'owt-message' ? [numbers[code] ?? p2pErrors.unknown] : plain.refuse(event, refusal, message)
  },
}
