import { peers } from '../peers/index.ts'
import { type Server, type ServerOptions, startNode } from '../servers.ts'
import type { Parameters, Question } from './question.ts'

/** A server to measure, and the kind of its clients. */
export type Candidate = {
  name: string
  /** False for a peer. */
  durable: boolean
  namesSeq: boolean
  start: (redisUrl: string, options: ServerOptions) => Promise<Server>
}

/** Another build. The folder has its `main.js`. */
export type Build = { name: string; folder: string }

/** The candidates of a case: this build, the other builds, and the peers. */
export function candidatesOf(question: Question, parameters: Parameters, others: Build[]): Candidate[] {
  const builds = [{ name: 'Signalbox' }, ...others.map(({ name, folder }) => ({ name, dist: folder }))]
  const kinds = question.bothKinds ? [true, false] : [true]
  const env = question.env ?? {}
  const own = builds.flatMap(({ name, ...build }) =>
    kinds.map((namesSeq) => ({
      name: namesSeq ? name : `${name}, clients without seq`,
      durable: true,
      namesSeq,
      start: (redisUrl: string, options: ServerOptions) => startNode(redisUrl, { ...options, ...build, env }),
    })),
  )
  const asked = question.asksPeers?.(parameters) ?? true
  const compared = asked ? peers.map((peer) => ({ ...peer, durable: false, namesSeq: false })) : []
  return [...own, ...compared]
}
