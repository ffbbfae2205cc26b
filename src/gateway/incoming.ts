import { type Deadline, newDeadline } from '../core/deadline.ts'
import { SignalError } from '../core/errors.ts'
import { type Arguments, readArguments } from './arguments.ts'
import type { Excess } from './limits/payload-limits.ts'
import type { ServedRequest } from './requests.ts'

/** An event that has arrived and has no ack yet. */
export type IncomingEvent = {
  event: string
  args: Arguments
  deadline: Deadline
  /** Frees the memory that is reserved for it in the client's budget. */
  free: () => void
}

/** An event that the version of the connection's dialect has. */
export type IncomingRequest = IncomingEvent & { request: ServedRequest }

export function readIncoming(event: string, args: unknown[]): IncomingEvent {
  return { event, args: readArguments(args), deadline: newDeadline(), free: () => {} }
}

/** The same event, whose ack also frees its part of the memory budget. */
export function freedByAck(incoming: IncomingEvent, free: () => void): IncomingEvent {
  const ack: Arguments['ack'] = (...answer) => {
    free()
    incoming.args.ack(...answer)
  }
  return { ...incoming, args: { ...incoming.args, ack }, free }
}

/** Why the event is refused before its schema is checked. @param isKnown whether any version of the dialect has the event */
export function refusalOf({ badRid }: Arguments, isKnown: boolean, excess: Excess): SignalError | undefined {
  if (!isKnown) return new SignalError('unknown_event')
  if (badRid) return new SignalError('bad_request', 'rid should be a whole number above 0')
  if (excess === 'too_large') return new SignalError('too_large')
  if (excess === 'too_deep') return new SignalError('bad_request', 'request is nested too deeply')
  if (excess === 'binary')
    return new SignalError('bad_request', 'request contains binary data: send text, such as base64')
  return undefined
}

/** The error of an event whose data does not match its schema, or that the version does not have. */
export function payloadErrorOf(request: ServedRequest | undefined, data: unknown[]): unknown {
  try {
    if (!request) return new SignalError('unknown_event')
    request.check(data)
    return undefined
  } catch (error) {
    return error
  }
}
