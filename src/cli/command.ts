import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Environment } from '../config/index.ts'

/** What a command sees of the world. */
export type Shell = {
  environment: Environment
  /** How this program is started again: the executable, then its arguments up to the command's name. */
  program: [string, ...string[]]
  print: (line: string) => void
  warn: (line: string) => void
}

export type Command = {
  /** The arguments, as usage shows them. */
  usage: string
  summary: string
  /** @throws UsageError, CommandError, ConfigError */
  run: (args: string[], shell: Shell) => Promise<void>
}

/** Asked in a way that cannot be understood: exit code 2. */
export class UsageError extends Error {}

/** It cannot be done, and the message says all there is to know: exit code 1. */
export class CommandError extends Error {}

type CommandOptions = NonNullable<ParseArgsConfig['options']>
type Values<O extends CommandOptions> = ReturnType<typeof parseArgs<{ options: O; strict: true }>>['values']

/** The options of a command by name. @throws UsageError */
export function readOptions<O extends CommandOptions>(args: string[], options: O): Values<O> {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
