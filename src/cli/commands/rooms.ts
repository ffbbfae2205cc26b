import { type Command, readArgs, UsageError } from '../command.ts'
import { apiClientOf, apiOptions, apiUsage } from '../management-client.ts'

const pageOptions = { page: { type: 'string' }, 'per-page': { type: 'string' } } as const

export const rooms: Command = {
  usage: `[--page N] [--per-page N] ${apiUsage}`,
  summary: 'lists the rooms of a cluster: those that the API created, and those that have participants',
  async run(args, shell) {
    const { values } = readArgs(args, { ...apiOptions, ...pageOptions })
    const query = new URLSearchParams()
    addNumber(query, 'page', '--page', values.page)
    addNumber(query, 'per_page', '--per-page', values['per-page'])
    const api = apiClientOf(shell, values)
    const rooms = (await api.request('GET', `/v1/rooms?${query}`)) as object[]
    api.printRows(rooms, ['_id', 'name', 'participants', 'participantLimit'])
  },
}

function addNumber(query: URLSearchParams, name: string, option: string, value: string | undefined): void {
  if (value === undefined) return
  if (!/^[1-9]\d{0,6}$/.test(value)) throw new UsageError(`${option}: expected a number from 1, not ${value}`)
  query.set(name, value)
}
