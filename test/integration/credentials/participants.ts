import { type Client, connect, loginInfo } from '../../support/client.ts'
import { ackOf, enterRoom, joinStream } from '../../support/dialects.ts'

export type DialectName = 'portal' | 'exchanger' | 'rooms' | 'p2p'
export const dialects: readonly DialectName[] = ['portal', 'exchanger', 'rooms', 'p2p']
/** The dialects whose clients send the token in the handshake. */
export const tokenInHandshake = ['exchanger', 'rooms'] as const

export const namespaceOf = (dialect: DialectName): string => (dialect === 'portal' ? '/' : `/${dialect}`)

/** Connects with this `auth`. */
export const connectTo = (url: string, dialect: DialectName, auth?: { [field: string]: unknown }): Promise<Client> =>
  connect(url, { namespace: namespaceOf(dialect), ...(auth ? { auth } : {}) })

/** Logs in as a plain client of Socket.IO does. The client has a confirmed `ticket`. */
export async function logIn(url: string, dialect: DialectName, room: string, token: string): Promise<Client> {
  const inHandshake = dialect === 'exchanger' || dialect === 'rooms'
  const client = await connectTo(url, dialect, inHandshake ? { token } : undefined)
  if (dialect === 'portal') await client.login({ room, token })
  if (dialect === 'exchanger') await joinStream(client, room)
  if (dialect === 'rooms') await enterRoom(client, room)
  if (dialect === 'p2p') {
    await ackOf(client, 'authentication', { token })
    client.ticket = String((await client.request('refreshReconnectionTicket')).data)
    client.id = JSON.parse(Buffer.from(client.ticket, 'base64').toString()).participantId
  }
  return client
}

/** The login request of each dialect. */
export const loginRequest = (dialect: DialectName, room: string, token: string): unknown[] =>
  ({
    portal: ['login', loginInfo({ room, token })],
    exchanger: ['joinStream', { channelName: room }],
    rooms: ['enter_room', room],
    p2p: ['authentication', { token }],
  })[dialect]
