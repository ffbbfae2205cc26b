import { type Command, readArgs } from '../command.ts'

export const start: Command = {
  usage: '',
  summary: 'runs one node, configured by environment variables',
  async run(args) {
    readArgs(args, {})
    await import('../../main.ts') // loading this module starts the node, as `npm start` does
  },
}
