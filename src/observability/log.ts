import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino'

/** The end of Redis' refusal of a command that it does not know, which repeats the arguments. */
const repeatedArguments = /, with args beginning with: .*/g

/** The log of a node. */
export function createLog(level: LoggerOptions['level'], node: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = { level: level ?? 'info', base: { node }, serializers: { err: describeError } }
  return destination ? pino(options, destination) : pino(options)
}

/** As pino writes errors, but without the arguments of Redis commands: they hold tickets, tokens and messages. */
function describeError(error: Error): unknown {
  return withoutArguments(stdSerializers.err(error))
}

function withoutArguments(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.replaceAll(repeatedArguments, '')
  if (typeof value !== 'object' || value === null || depth > 5) return value
  if (Array.isArray(value)) return value.map((item) => withoutArguments(item, depth + 1))
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    isCommand(field) ? field.name : withoutArguments(field, depth + 1),
  ])
  return Object.fromEntries(fields)
}

/** ioredis adds the command to an error that Redis answered. */
function isCommand(value: unknown): value is { name: unknown; args: unknown } {
  return typeof value === 'object' && value !== null && 'name' in value && 'args' in value
}
