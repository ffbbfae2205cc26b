import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino'

/** The end of Redis' error for an unknown command. It repeats the arguments. */
const repeatedArguments = /, with args beginning with: .*/g

/** The log of a node: JSON lines with `node`. @param destination the default is the standard output */
export function createLog(level: LoggerOptions['level'], node: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = { level: level ?? 'info', base: { node }, serializers: { err: describeError } }
  return destination ? pino(options, destination) : pino(options)
}

/** Writes errors as pino does, without the arguments of Redis commands: they contain tickets, tokens and messages. */
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

/** ioredis adds the command to the errors that Redis sends. */
function isCommand(value: unknown): value is { name: unknown; args: unknown } {
  return typeof value === 'object' && value !== null && 'name' in value && 'args' in value
}
