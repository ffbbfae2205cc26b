import { type Command, readOptions } from '../command.ts'

export const start: Command = {
  usage: '',
  summary: 'one node, configured by the environment',
  async run(args) {
    readOptions(args, {})
    await import('../../main.ts') // main is the process: to load it is to start it, here as in `npm start`
  },
}
