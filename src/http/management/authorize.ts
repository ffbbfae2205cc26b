import type { FastifyReply, FastifyRequest } from 'fastify'
import { beforeDeadline, type Deadline } from '../../core/deadline.ts'
import { type DelayGuess, refusalAfterGuess } from '../credential-guessing.ts'
import { ApiError } from '../errors.ts'
import { idOfKey, isSigned, type MauthKey, maxTimestampSkewMs, parseMAuth } from './mauth.ts'
import type { UsedHeaders } from './used-headers.ts'

export type AuthorizeDeps = {
  keys: readonly MauthKey[]
  /** False: a signed header is valid any number of times, at any time. */
  replayCheck: boolean
  /** The store's clock, ms since the epoch, to which the time of a header is compared: the same on every node. */
  date: () => number
  usedHeaders: UsedHeaders
  delayGuess: DelayGuess
}

/** The key of a request. `user` and `role` are those of its signed header: OWT issues the tokens of the request for them. */
export type Caller = { id: string; user?: string; role?: string }

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined
  }
}

const realm = 'MAuth realm="http://marte3.dit.upm.es"'

/** OWT's answer to every authentication error. It does not say what is wrong. */
const refuse = () => new ApiError(401, 'unauthenticated', `WWW-Authenticate: ${realm}`)

/**
 * Authenticates a request before its body is read. A valid request never waits, however many wrong ones come from its address.
 * @throws 401, 429, 503 (the store that remembers headers does not answer)
 */
export function authorize(authority: AuthorizeDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const header = request.headers.authorization ?? ''
    const caller = /^Bearer /i.test(header)
      ? fromBearer(authority, header.slice('Bearer '.length))
      : await beforeDeadline(request.deadline, () => fromMAuth(authority, header, request.deadline))
    if (!caller) {
      reply.header('www-authenticate', `${realm}, Bearer`)
      throw await refusalAfterGuess(request, reply, authority.delayGuess, refuse())
    }
    request.caller = caller
  }
}

/** `Bearer` and the key itself (docs/management.md#authentication). */
function fromBearer({ keys }: AuthorizeDeps, key: string): Caller | undefined {
  const id = idOfKey(keys, key)
  return id === undefined ? undefined : { id }
}

async function fromMAuth(authority: AuthorizeDeps, header: string, deadline: Deadline): Promise<Caller | undefined> {
  const mauth = parseMAuth(header)
  if (!mauth || !isSigned(authority.keys, mauth)) return undefined
  const { id, timestamp, signature, username, role } = mauth
  if (authority.replayCheck) {
    if (Math.abs(authority.date() - Number(timestamp)) > maxTimestampSkewMs) return undefined
    // the signature covers cnonce and time, and only a key can make it, so it is the nonce that is remembered
    const seconds = (2 * maxTimestampSkewMs) / 1000 + 1
    const nonce = `mauth:${id}:${signature}`
    if (!(await authority.usedHeaders.use(nonce, Number(timestamp), seconds, deadline))) return undefined
  }
  if (username === undefined || role === undefined) return { id }
  return { id, user: Buffer.from(username, 'base64').toString(), role }
}
