import type { Command } from '../command.ts'
import { apiUsage, readApiArgs } from '../management-client.ts'

export const announce: Command = {
  usage: `TEXT ${apiUsage}`,
  summary: 'tells everyone who is connected to /rooms',
  async run(args, shell) {
    const { client, given } = readApiArgs(args, shell, ['TEXT'])
    await client.ask('POST', '/v1/announcements', { text: given.TEXT })
    client.say('announced', { announced: given.TEXT })
  },
}
