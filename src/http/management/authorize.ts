import type { FastifyReply, FastifyRequest } from 'fastify'
import { beforeDeadline, type Deadline } from '../../core/deadline.ts'
import { type HoldBack, refusalOfGuess } from '../credential-guessing.ts'
import { ApiError } from '../errors.ts'
import { idOfKey, isSigned, type MauthKey, maxTimestampSkewMs, parseMAuth } from './mauth.ts'
import type { UsedHeaders } from './used-headers.ts'

export type AuthorizeParts = {
  keys: readonly MauthKey[]
  /** False: a signed header may be used again, and at any time. */
  replayCheck: boolean
  /** Milliseconds since the epoch: what a header's time is compared with, the same on every node, as its mark is. */
  date: () => number
  used: UsedHeaders
  holdBack: HoldBack
}

/** Who asks. `user` and `role` are those that an MAuth header was signed with: OWT's tokens are made out to them. */
export type Caller = { id: string; user?: string; role?: string }

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined
  }
}

const realm = 'MAuth realm="http://marte3.dit.upm.es"'

/** OWT's answer to whatever is wrong with who asks; what it is, is not told. */
const refuse = () => new ApiError(401, 'unauthenticated', `WWW-Authenticate: ${realm}`)

/** Runs before a body is read. Who has a key is never made to wait, whoever guesses beside it. @throws 401, 429, 503 (the store that remembers headers is away) */
export function authorize(authority: AuthorizeParts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const header = request.headers.authorization ?? ''
    const caller = /^Bearer /i.test(header)
      ? fromBearer(authority, header.slice('Bearer '.length))
      : await beforeDeadline(request.deadline, () => fromMAuth(authority, header, request.deadline))
    if (!caller) {
      reply.header('www-authenticate', `${realm}, Bearer`)
      throw await refusalOfGuess(request, reply, authority.holdBack, refuse())
    }
    request.caller = caller
  }
}

/** The key itself (docs/management.md). */
function fromBearer({ keys }: AuthorizeParts, key: string): Caller | undefined {
  const id = idOfKey(keys, key)
  return id === undefined ? undefined : { id }
}

async function fromMAuth(authority: AuthorizeParts, header: string, deadline: Deadline): Promise<Caller | undefined> {
  const mauth = parseMAuth(header)
  if (!mauth || !isSigned(authority.keys, mauth)) return undefined
  const { id, timestamp, signature, username, role } = mauth
  if (authority.replayCheck) {
    if (Math.abs(authority.date() - Number(timestamp)) > maxTimestampSkewMs) return undefined
    // the signature covers the nonce and the time: to remember it is to remember both, and only what a key signed
    const seconds = (2 * maxTimestampSkewMs) / 1000 + 1
    const mark = `mauth:${id}:${signature}`
    if (!(await authority.used.use(mark, Number(timestamp), seconds, deadline))) return undefined
  }
  if (username === undefined || role === undefined) return { id }
  return { id, user: Buffer.from(username, 'base64').toString(), role }
}
