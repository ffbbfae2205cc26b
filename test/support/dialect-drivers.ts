import { newId } from '../../src/core/ids.ts'
import { type Client, type ConnectOptions, connect, type Notice, type Protocol } from './client.ts'
import { ackOf, enterRoom, joinStream } from './dialects.ts'

/** How a client joins, sends to all and receives in a dialect, so that one test can run in each. */
export type DialectDriver = {
  name: string
  namespace: string
  /** Logs in on a connected client. */
  enter(client: Client, room: string): Promise<void>
  /** Sends a text to all; `to` is the receiver where a dialect needs one. Resolves when it is acked. */
  send(sender: Client, room: string, text: string, to: Client): Promise<unknown>
  event: string
  /** The text of a notification of `event`. */
  textOf(notice: Notice): unknown
}

const field = (name: string) => (notice: Notice) => (notice.data as { [field: string]: unknown })[name]

const portal = (protocol: Protocol): DialectDriver => ({
  name: `portal ${protocol}`,
  namespace: '/',
  enter: async (client, room) => void (await client.login({ room, protocol })),
  send: (sender, _room, text) =>
    protocol === 'legacy'
      ? sender.request('customMessage', { type: 'data', receiver: 'all', data: text })
      : sender.ask('text', { to: 'all', message: text }),
  event: protocol === 'legacy' ? 'custom_message' : 'text',
  textOf: field(protocol === 'legacy' ? 'data' : 'message'),
})

const exchanger: DialectDriver = {
  name: 'exchanger',
  namespace: '/exchanger',
  enter: async (client, room) => void (await joinStream(client, room)),
  send: (sender, room, text) => sender.request('candidate', { channelName: room, candidate: text }),
  event: 'receiveCandidate',
  textOf: ({ data }) => data,
}

const rooms: DialectDriver = {
  name: 'rooms',
  namespace: '/rooms',
  enter: async (client, room) => void (await enterRoom(client, room)),
  send: (sender, room, text) => sender.request('new_message', text, room),
  event: 'new_message',
  textOf: ({ data }) => data,
}

const p2p: DialectDriver = {
  name: 'p2p',
  namespace: '/p2p',
  enter: async (client) => {
    client.id = newId()
    await ackOf(client, 'authentication', { token: client.id })
    client.ticket = String((await client.request('refreshReconnectionTicket')).data)
  },
  send: (sender, _room, text, to) => ackOf(sender, 'owt-message', { to: to.id, data: text }),
  event: 'owt-message',
  textOf: field('data'),
}

export const dialectDrivers: DialectDriver[] = [
  ...(['legacy', '1.0', '1.1', '1.2'] as const).map(portal),
  exchanger,
  rooms,
  p2p,
]

export async function enterBy(
  { namespace, enter }: DialectDriver,
  { url }: { url: string },
  room: string,
  options: ConnectOptions = {},
): Promise<Client> {
  const client = await connect(url, { namespace, ...options })
  await enter(client, room)
  return client
}

/** The texts that a client has received so far, in order. */
export const receivedBy = ({ event, textOf }: DialectDriver, { seen }: Client): unknown[] =>
  seen.filter((notice) => notice.event === event).map(textOf)

/** Resumes the participant on a new connection. `seq`: the last that the client received, if its protocol has it. */
export async function resumeBy(
  { namespace }: DialectDriver,
  { url }: { url: string },
  { ticket }: Client,
  { seq, ...options }: ConnectOptions & { seq?: number } = {},
): Promise<Client> {
  const resumed = await connect(url, { namespace, ...options })
  await resumed.relogin(seq === undefined ? ticket : { ticket, seq })
  return resumed
}

/** Resumes the participant on another node without a `seq`: with its ticket, or on `/p2p` with the user's token. */
export async function resumeWithoutSeq(driver: DialectDriver, node: { url: string }, client: Client): Promise<Client> {
  if (driver.name !== 'p2p') return resumeBy(driver, node, client)
  const resumed = await connect(node.url, { namespace: driver.namespace })
  await ackOf(resumed, 'authentication', { token: client.id })
  return resumed
}
