import { type Command, readArgs } from '../command.ts'
import { apiClientOf, apiOptions, apiUsage } from '../management-client.ts'

export const announce: Command = {
  usage: `TEXT ${apiUsage}`,
  summary: 'sends a text to every client that is connected to /rooms',
  async run(args, shell) {
    const { values, given } = readArgs(args, apiOptions, ['TEXT'])
    const api = apiClientOf(shell, values)
    await api.request('POST', '/v1/announcements', { text: given.TEXT })
    api.printResult('announced', { announced: given.TEXT })
  },
}
