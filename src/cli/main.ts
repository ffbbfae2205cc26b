#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../config/index.ts'
import { version } from '../version.ts'
import { type Command, CommandError, type Shell, UsageError } from './command.ts'
import { announce } from './commands/announce.ts'
import { cluster } from './commands/cluster.ts'
import { config } from './commands/config.ts'
import { kick } from './commands/kick.ts'
import { nodes } from './commands/nodes.ts'
import { participants } from './commands/participants.ts'
import { rooms } from './commands/rooms.ts'
import { start } from './commands/start.ts'
import { token } from './commands/token.ts'
import { UnreachableError } from './management-client.ts'

const commands: { [name: string]: Command } = {
  start,
  cluster,
  token,
  config,
  rooms,
  participants,
  kick,
  announce,
  nodes,
}

const shell: Shell = {
  environment: process.env,
  program: [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
  print: console.log,
  warn: console.error,
}

function usage(): string {
  const rows = Object.entries(commands).map(
    ([name, { usage, summary }]) => `  ${`${name} ${usage}`.trim()}\n      ${summary}`,
  )
  return `Usage: signalbox <command> [options]\n\n${rows.join('\n')}\n\n  --version, --help\n`
}

function usageOf(name: string, { usage, summary }: Command): string {
  return `Usage: ${`signalbox ${name} ${usage}`.trim()}\n  ${summary}`
}

async function run([name = '--help', ...args]: string[]): Promise<void> {
  if (name === '--help' || name === '-h' || name === 'help') return shell.print(usage())
  if (name === '--version' || name === '-v') return shell.print(version)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(`Unknown command: ${name}\n\n${usage()}`)
  if (args.includes('--help') || args.includes('-h')) return shell.print(usageOf(name, command))
  await command.run(args, shell).catch((error: unknown) => {
    throw error instanceof UsageError ? new UsageError(`${error.message}\n\n${usageOf(name, command)}`) : error
  })
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const expected = [UsageError, CommandError, ConfigError].some((kind) => error instanceof kind)
  shell.warn(expected ? (error as Error).message : String(error instanceof Error ? error.stack : error))
  process.exitCode = error instanceof UsageError ? 2 : error instanceof UnreachableError ? 3 : 1
})
