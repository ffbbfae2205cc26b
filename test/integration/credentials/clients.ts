import { onTestFinished } from 'vitest'
import type { Emitter } from '../../../src/client/emitter.ts'
import { type Connector, Exchanger, type Link, Portal, Rooms, type SignalboxError } from '../../../src/client/index.ts'
import type { SessionEvents } from '../../../src/client/session-events.ts'
import { connectSocket } from '../../../src/client/socket-link.ts'
import type { TokenSource } from '../../../src/client/token-source.ts'

export type SdkName = 'portal' | 'exchanger' | 'rooms'
export const sdkNames: readonly SdkName[] = ['portal', 'exchanger', 'rooms']
export type AnyClient = Portal | Exchanger | Rooms

/** How a test sees the connections of a client, and where they lead. */
export type Line = {
  /** The node that the next connection goes to. */
  url: string
  /** Called before a connection to a node; what it throws is its refusal, as that of a node of another version. */
  refuse: (auth: { token?: unknown }) => void
  cut: () => void
}

/** A client of the SDK that logs in with tokens of this source. It is closed after the test. */
export function clientOf(dialect: SdkName, url: string, token: TokenSource, timeoutMs = 8000) {
  const links: Link[] = []
  const line: Line = { url, refuse: () => {}, cut: () => links.at(-1)?.close() }
  const connect: Connector = async (target, signal) => {
    line.refuse(target.auth)
    const link = await connectSocket({ ...target, url: line.url }, signal)
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
    line,
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
    /** Why the tries failed that were followed by others. */
    reasons,
    retrying: () => new Promise<SignalboxError>((resolve) => client.once('retrying', resolve)),
    reconnected: () => new Promise((resolve) => client.once('reconnected', resolve)),
    closed: new Promise<SignalboxError>((resolve) => client.once('closed', resolve)),
  }
}
