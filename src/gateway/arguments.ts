/** The arguments of an event: data, then optionally `{ rid }`, then optionally an ack. */
export type Arguments = {
  data: unknown[]
  rid?: number
  /** Whether `rid` is something else than a positive safe integer. */
  badRid: boolean
  ack: (...args: unknown[]) => void
}

/**
 * The ack is the last argument that is a function: OWT's native SDKs send `(payload, null, ack)` (docs/owt.md#transport).
 * Arguments after it, and surplus arguments, are ignored.
 */
export function readArguments(args: unknown[]): Arguments {
  const last = args.findLastIndex((argument) => typeof argument === 'function')
  const data = last === -1 ? [...args] : args.slice(0, last)
  const ack = last === -1 ? () => {} : (args[last] as Arguments['ack'])
  const tail = data.at(-1)
  if (!isRidOnly(tail)) return { data, badRid: false, ack }
  data.pop()
  const { rid } = tail
  const isValid = Number.isSafeInteger(rid) && (rid as number) > 0
  return { data, ...(isValid ? { rid: rid as number } : {}), badRid: !isValid, ack }
}

function isRidOnly(value: unknown): value is { rid: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'rid') && Object.keys(value).length === 1
}
