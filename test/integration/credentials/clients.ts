import { onTestFinished } from 'vitest'
import type { Emitter } from '../../../src/client/emitter.ts'
import { type Connector, Exchanger, type Link, Portal, Rooms, type SignalboxError } from '../../../src/client/index.ts'
import type { SessionEvents } from '../../../src/client/session-events.ts'
import { connectSocket } from '../../../src/client/socket-link.ts'
import type { TokenSource } from '../../../src/client/token-source.ts'

export type SdkName = 'portal' | 'exchanger' | 'rooms'
export const sdkNames: readonly SdkName[] = ['portal', 'exchanger', 'rooms']
export type AnyClient = Portal | Exchanger | Rooms

/** How a test controls the connections of a client. */
export type Connections = {
  /** The node of the next connection. */
  url: string
  /** Called before each connection. If it throws, the connection is refused with that error, as a node of another version would. */
  beforeConnect: (auth: { token?: unknown }) => void
  cut: () => void
}

/** A client of the SDK that logs in with tokens of this source. It is closed after the test. */
export function clientOf(dialect: SdkName, url: string, token: TokenSource, timeoutMs = 8000) {
  const links: Link[] = []
  const connections: Connections = { url, beforeConnect: () => {}, cut: () => links.at(-1)?.close() }
  const connect: Connector = async (target, signal) => {
    connections.beforeConnect(target.auth)
    const link = await connectSocket({ ...target, url: connections.url }, signal)
    links.push(link)
    return link
  }
  const options = {
    url,
    parts: { connect, random: () => 0 },
    backOff: { baseMs: 20, capMs: 100 },
    attemptTimeoutMs: timeoutMs,
  }
  const client = makeClient(dialect, options, token)
  onTestFinished(() => client.close())
  return {
    client,
    connections,
    logIn: (room: string): Promise<unknown> => logIn(client, room, token),
    ...eventsOf(client as unknown as Emitter<SessionEvents>),
  }
}

function makeClient(dialect: SdkName, options: ConstructorParameters<typeof Portal>[0], token: TokenSource): AnyClient {
  if (dialect === 'portal') return new Portal(options)
  return dialect === 'rooms' ? new Rooms({ ...options, token }) : new Exchanger({ ...options, token })
}

function logIn(client: AnyClient, room: string, token: TokenSource): Promise<unknown> {
  if (client instanceof Portal) return client.login(token)
  return client instanceof Rooms ? client.enter(room) : client.join(room, 'ann')
}

function eventsOf(client: Emitter<SessionEvents>) {
  const reasons: SignalboxError[] = []
  client.on('retrying', (reason) => reasons.push(reason))
  return {
    /** The errors of the attempts after which the client tried again. */
    reasons,
    retrying: () => new Promise<SignalboxError>((resolve) => client.once('retrying', resolve)),
    reconnected: () => new Promise((resolve) => client.once('reconnected', resolve)),
    closed: new Promise<SignalboxError>((resolve) => client.once('closed', resolve)),
  }
}
