import { SignalError } from '../errors.ts'
import type { TransportRequest } from './media-backend.ts'

/** Clients of any other transport wait for the answer and the media of a server, which never come. @throws no_media_server */
export function requireMesh(transport: TransportRequest | undefined): void {
  if (transport?.type !== 'mesh') throw new SignalError('no_media_server')
}
