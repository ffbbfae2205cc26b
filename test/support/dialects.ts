import { type Client, connect } from './client.ts'

/** The ack of joinStream or enter_room. */
export type Entered = {
  id: string
  ticket: string
  seq: number
  users: { id: string; user: unknown }[]
  room: string
  members: { id: string; nickname: string }[]
}

type Address = { url: string }

/** @throws Error when it is refused */
async function accepted(client: Client, event: string, ...args: unknown[]): Promise<unknown> {
  const { status, data, error } = await client.request(event, ...args)
  if (status !== 'ok') throw new Error(`${event}: ${error}`)
  return data
}

async function enterWith(client: Client, event: string, data: unknown): Promise<Entered> {
  const entered = (await accepted(client, event, data)) as Entered
  client.id = entered.id
  client.ticket = entered.ticket
  return entered
}

export const joinStream = (client: Client, channelName: string, user?: unknown): Promise<Entered> =>
  enterWith(client, 'joinStream', { channelName, ...(user === undefined ? {} : { user }) })

export const enterRoom = (client: Client, room: string): Promise<Entered> => enterWith(client, 'enter_room', room)

/** Connects to the exchanger and joins a channel; the first `allStreamUsers` is taken. */
export async function inChannel({ url }: Address, channelName: string, user?: unknown): Promise<Client> {
  const client = await connect(url, { namespace: '/exchanger' })
  await joinStream(client, channelName, user)
  await client.next('allStreamUsers')
  return client
}

/** Connects to /rooms and enters a room. */
export async function inRoom({ url }: Address, room: string, nickname?: string): Promise<Client> {
  const client = await connect(url, { namespace: '/rooms' })
  if (nickname !== undefined) await accepted(client, 'nickname', nickname)
  await enterRoom(client, room)
  return client
}

/** Sends a message to itself and waits for it. Resolves to what arrived before, without changes of the room list. */
export async function receivedBefore(client: Client, dialect: 'exchanger' | 'rooms', room = ''): Promise<unknown[]> {
  const marker = `marker ${Math.random()}`
  if (dialect === 'rooms') await accepted(client, 'direct_message', client.id, marker)
  else await accepted(client, 'candidate', { channelName: room, candidate: marker, to: client.id })
  const earlier: unknown[] = []
  for (;;) {
    const notice = await client.next()
    if (notice.data === marker) return earlier
    if (notice.event !== 'room_change') earlier.push(notice)
  }
}

/** Sends a request and resolves to the arguments of its ack. */
export function ackOf(client: Client, event: string, ...args: unknown[]): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    client.socket.emit(event, ...args, (...ack: unknown[]) => resolve(ack))
    void client.closed.then((reason) => reject(new Error(`No ack of ${event}: ${reason}`)))
  })
}

/** Connects to /p2p and authenticates with the token as the user's id. */
export async function peer({ url }: Address, token: string): Promise<Client> {
  const client = await connect(url, { namespace: '/p2p' })
  const [answer] = await ackOf(client, 'authentication', { token })
  if (JSON.stringify(answer) !== JSON.stringify({ uid: token })) throw new Error(JSON.stringify(answer))
  await client.next('server-authenticated')
  return client
}
