import { type Command, readArgs } from '../command.ts'
import { apiClientOf, apiOptions, apiUsage } from '../management-client.ts'

export const nodes: Command = {
  usage: apiUsage,
  summary: 'lists the live nodes of a cluster',
  async run(args, shell) {
    const api = apiClientOf(shell, readArgs(args, apiOptions).values)
    const nodes = (await api.request('GET', '/v1/nodes')) as object[]
    api.printRows(nodes, ['id', 'url', 'version', 'connections'])
  },
}
