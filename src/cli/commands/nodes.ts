import type { Command } from '../command.ts'
import { apiUsage, readApiArgs } from '../management-client.ts'

export const nodes: Command = {
  usage: apiUsage,
  summary: 'the nodes of a cluster that live',
  async run(args, shell) {
    const { client } = readApiArgs(args, shell, [])
    const found = (await client.ask('GET', '/v1/nodes')) as object[]
    client.show(found, ['id', 'url', 'version', 'connections'])
  },
}
