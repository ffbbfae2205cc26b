import { type Command, UsageError } from '../command.ts'
import { apiUsage, readApiArgs } from '../management-client.ts'

export const rooms: Command = {
  usage: `[--page N] [--per-page N] ${apiUsage}`,
  summary: 'the rooms of a cluster: those that were made, and those that someone is in',
  async run(args, shell) {
    const option = { type: 'string' } as const
    const { client, values } = readApiArgs(args, shell, [], { page: option, 'per-page': option })
    const query = new URLSearchParams()
    for (const [name, value] of [
      ['page', values.page],
      ['per_page', values['per-page']],
    ] as const) {
      if (value === undefined) continue
      if (!/^[1-9]\d{0,6}$/.test(String(value))) throw new UsageError(`${name} must be a number from 1`)
      query.set(name, String(value))
    }
    const found = (await client.ask('GET', `/v1/rooms?${query}`)) as object[]
    client.show(found, ['_id', 'name', 'participants', 'participantLimit'])
  },
}
