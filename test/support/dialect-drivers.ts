import { newId } from '../../src/core/ids.ts'
import { type Client, type ConnectOptions, connect, type Notice, type Protocol } from './client.ts'
import { ackOf, enterRoom, joinStream } from './dialects.ts'

/** How one says something to all in a dialect, and how another hears it. */
export type Speech = {
  name: string
  namespace: string
  /** Comes in on a connection. */
  enter(client: Client, room: string): Promise<void>
  /** Resolves when it is acked. */
  say(speaker: Client, room: string, words: string, to: Client): Promise<unknown>
  event: string
  /** What was said, of a notification of that event. */
  words(notice: Notice): unknown
}

const field = (name: string) => (notice: Notice) => (notice.data as { [field: string]: unknown })[name]

const portal = (protocol: Protocol): Speech => ({
  name: `portal ${protocol}`,
  namespace: '/',
  enter: async (client, room) => void (await client.login({ room, protocol })),
  say: (speaker, _room, words) =>
    protocol === 'legacy'
      ? speaker.request('customMessage', { type: 'data', receiver: 'all', data: words })
      : speaker.ask('text', { to: 'all', message: words }),
  event: protocol === 'legacy' ? 'custom_message' : 'text',
  words: field(protocol === 'legacy' ? 'data' : 'message'),
})

const exchanger: Speech = {
  name: 'exchanger',
  namespace: '/exchanger',
  enter: async (client, room) => void (await joinStream(client, room)),
  say: (speaker, room, words) => speaker.request('candidate', { channelName: room, candidate: words }),
  event: 'receiveCandidate',
  words: ({ data }) => data,
}

const rooms: Speech = {
  name: 'rooms',
  namespace: '/rooms',
  enter: async (client, room) => void (await enterRoom(client, room)),
  say: (speaker, room, words) => speaker.request('new_message', words, room),
  event: 'new_message',
  words: ({ data }) => data,
}

const p2p: Speech = {
  name: 'p2p',
  namespace: '/p2p',
  enter: async (client) => {
    client.id = newId()
    await ackOf(client, 'authentication', { token: client.id })
    client.ticket = String((await client.request('refreshReconnectionTicket')).data)
  },
  say: (speaker, _room, words, to) => ackOf(speaker, 'owt-message', { to: to.id, data: words }),
  event: 'owt-message',
  words: field('data'),
}

export const speeches: Speech[] = [...(['legacy', '1.0', '1.1', '1.2'] as const).map(portal), exchanger, rooms, p2p]

export async function enterBy(
  { namespace, enter }: Speech,
  { url }: { url: string },
  room: string,
  options: ConnectOptions = {},
): Promise<Client> {
  const client = await connect(url, { namespace, ...options })
  await enter(client, room)
  return client
}

/** What a client has heard by now, in order. */
export const heardBy = ({ event, words }: Speech, { seen }: Client): unknown[] =>
  seen.filter((notice) => notice.event === event).map(words)

/** The same participant on another connection. `seq`: the last one that the client received, if it can name it. */
export async function resumeBy(
  { namespace }: Speech,
  { url }: { url: string },
  { ticket }: Client,
  { seq, ...options }: ConnectOptions & { seq?: number } = {},
): Promise<Client> {
  const back = await connect(url, { namespace, ...options })
  await back.relogin(seq === undefined ? ticket : { ticket, seq })
  return back
}
