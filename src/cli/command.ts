import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Environment } from '../config/index.ts'

/** The environment, the terminal and the program, as a command uses them. */
export type Shell = {
  environment: Environment
  /** Starts this program again: the executable, then its arguments up to the command's name. */
  program: [string, ...string[]]
  print: (line: string) => void
  warn: (line: string) => void
}

export type Command = {
  /** The arguments, as the usage shows them. */
  usage: string
  summary: string
  /** @throws UsageError, CommandError, ConfigError */
  run: (args: string[], shell: Shell) => Promise<void>
}

/** The arguments are wrong. The process prints the usage and exits with code 2. */
export class UsageError extends Error {}

/** The command failed, and the message is enough for the operator. The process prints no stack and exits with code 1. */
export class CommandError extends Error {}

export type CommandOptions = NonNullable<ParseArgsConfig['options']>
type ParsedOptions<O extends CommandOptions> = ReturnType<typeof parseArgs<{ options: O; strict: true }>>['values']

/**
 * Reads the arguments of a command.
 * @param names of the arguments without a dash, in their order; each is required
 * @throws UsageError
 */
export function readArgs<O extends CommandOptions, N extends string = never>(
  args: string[],
  options: O,
  names: readonly N[] = [],
): { values: ParsedOptions<O>; given: { [name in N]: string } } {
  const parsed = parse(args, options, names.length > 0)
  const positionals: string[] = parsed.positionals
  if (positionals.length < names.length || positionals.includes('')) {
    throw new UsageError(`Missing argument: expected ${names.join(' and ')}`)
  }
  const [excess] = positionals.slice(names.length)
  if (excess !== undefined) throw new UsageError(`Unexpected argument '${excess}'`)
  const given = Object.fromEntries(names.map((name, index) => [name, positionals[index]]))
  return { values: parsed.values, given: given as { [name in N]: string } }
}

function parse<O extends CommandOptions>(args: string[], options: O, allowPositionals: boolean) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
