import type { LoadGenerator } from '../load/generator.ts'
import type { Server } from '../servers.ts'

/** What a round measures: a number for each figure. */
export type Figures = { [figure: string]: number }

export type Figure = {
  unit: string
  meaning: string
  /** Which value is the better one. Undefined: it only describes the round, and no ratio is computed. */
  better?: 'lower' | 'higher'
}

/** What distinguishes the cases of a question, such as `{ nodes: 4, members: 100 }`. */
export type Parameters = { [name: string]: number | string }

/** The servers of a round, and how to put load on them. */
export type Setting = {
  servers: Server[]
  load: LoadGenerator
  redisUrl: string
  parameters: Parameters
  /** How long the measurement takes, s. */
  seconds: number
  /** How long the load runs before that, s. */
  warmUpSeconds: number
  /** Divides numbers of clients: more than 1 in a smoke run. */
  shrink: number
  /** False for a peer. */
  durable: boolean
  /** The clients say `seq: true` in the handshake. */
  namesSeq: boolean
  /** Bytes of a server, after a collection of garbage; only for a question with `inspects`. */
  memory: (server: number) => Promise<{ heap: number; resident: number }>
}

export type Question = {
  name: string
  /** What it measures, as a sentence. */
  about: string
  /** The first one is the question's main figure. */
  figures: { [figure: string]: Figure }
  cases: Parameters[]
  /** How many servers a case needs. Default: its parameter `nodes`, otherwise 1. */
  nodes?: (parameters: Parameters) => number
  /** Whether Signalbox is measured twice: with clients that name `seq`, and with clients that do not. */
  bothKinds?: boolean
  /** Whether peers can answer it. Default: all of them, in all cases. */
  asksPeers?: (parameters: Parameters) => boolean
  /** Options of the Signalbox nodes. */
  env?: { [option: string]: string }
  /** Needs `memory`. */
  inspects?: boolean
  measure: (setting: Setting) => Promise<Figures>
}
