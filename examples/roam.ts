import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type LocalCluster, startLocalCluster } from '../src/cli/local-cluster/index.ts'
import type { ClusterNode } from '../src/cli/local-cluster/node-process.ts'
import { Participant } from './participant.ts'

/**
 * `npm run roam`: three node processes and a Redis. Alice and Bob meet in a room, each on a node of their own, and Bob
 * counts aloud. Alice's node is killed; she comes back on another and hears every number she missed. Then Bob's node is
 * shut down, and he moves without losing count. Exit code 0 only if nothing was lost, doubled or out of order, and
 * nobody was seen leaving.
 */
const pace = 20 // ms between two numbers
const patience = 60_000 // ms for all of it

const started = performance.now()
const tell = (line: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(3).padStart(7)} s  ${line}`)
const ms = (time: number) => `${time.toFixed(0)} ms`
/** What the nodes print; shown when something went wrong. */
const log: string[] = []

function startCluster(): Promise<LocalCluster> {
  const { PATH, REDIS_URL, REDIS_MODE, REDIS_SENTINEL_NAME } = process.env
  return startLocalCluster({
    nodes: 3,
    program: [process.execPath, fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))],
    environment: {
      ...{ PATH, REDIS_URL, REDIS_MODE, REDIS_SENTINEL_NAME },
      REDIS_PREFIX: `roam-${randomBytes(4).toString('hex')}`,
      HOST: '127.0.0.1',
      PORT: '0', // any free one
      OPS_PORT: '0',
      DRAIN_SECONDS: '1',
      LOG_LEVEL: 'warn',
    },
    say: (line) => log.push(line),
  })
}

/** Bob's voice: the numbers from 1 up, all the time. */
class Counting {
  said = 0
  readonly #by: Participant
  readonly #timer: NodeJS.Timeout

  constructor(by: Participant) {
    this.#by = by
    this.#timer = setInterval(() => by.say(++this.said), pace)
  }

  /** Resolves when so many more were said, and heard by the one who says them. */
  more(count: number): Promise<void> {
    return this.#by.heard.hears(this.said + count)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** A node dies without a word, and the participant on it comes back on another. */
async function kill(node: ClusterNode, alice: Participant, bobs: Counting, other: ClusterNode): Promise<void> {
  node.kill()
  const killed = performance.now()
  await alice.lost
  const last = alice.heard.lastText
  tell(`node ${node.name} is killed with SIGKILL; the last number alice has is ${last}, seq ${alice.seq}`)
  await bobs.more(50)
  tell(`bob has gone on to ${bobs.said}`)

  const missed = bobs.said
  const back = performance.now()
  await alice.relogin(other)
  await alice.heard.hears(missed)
  tell(`alice is back, on ${other.name}, ${ms(back - killed)} after the kill, with her ticket and that seq`)
  tell(`she has ${last + 1} to ${missed} within ${ms(performance.now() - back)}, and hears bob live again`)
  await bobs.more(25)
}

/** A node is shut down as in a deployment, and the participant on it moves to another. */
async function drain(node: ClusterNode, bob: Participant, bobs: Counting, other: ClusterNode): Promise<void> {
  node.signal('SIGTERM')
  tell(`node ${node.name} is shut down with SIGTERM: bob is told to move within ${ms(await bob.moves)}, and counts on`)
  await bob.lost
  const cut = performance.now()
  const again = await bob.relogin(other)
  tell(`at ${bobs.said} his connection is closed; ${ms(performance.now() - cut)} later he is back, on ${other.name}`)
  tell(`numbers that had no ack yet, so that he says them again: ${again}`)
  await bobs.more(25)
  const { code, signal } = await node.ended
  tell(`node ${node.name} has ended by itself, ${signal ?? `exit code ${code}`}`)
  if (code !== 0) bob.heard.incidents.push(`node ${node.name} did not end well`)
}

async function story({ nodes: [a, b, c] }: LocalCluster): Promise<string[]> {
  if (!a || !b || !c) throw new Error('Three nodes are needed')
  tell(`three nodes on one Redis: ${[a, b, c].map(({ name, url }) => `${name} at ${url}`).join(', ')}`)
  const alice = await Participant.login('alice', 'roam', a)
  const bob = await Participant.login('bob', 'roam', b)
  tell('alice logs in on a, bob on b')

  const bobs = new Counting(bob)
  await bobs.more(25)
  tell(`bob counts, a number every ${pace} ms; alice has heard 1 to ${alice.heard.lastText}`)
  await kill(a, alice, bobs, c)
  await drain(b, bob, bobs, c)
  bobs.stop()

  await Promise.all([alice, bob].map(({ heard }) => heard.hears(bobs.said)))
  for (const participant of [alice, bob]) participant.leave()
  tell(`bob stops at ${bobs.said}; alice heard ${alice.heard.texts.length} numbers, bob ${bob.heard.texts.length}`)
  return [alice, bob].flatMap(({ name, heard }) => heard.faults(bobs.said).map((fault) => `${name}: ${fault}`))
}

async function roam(): Promise<string[]> {
  const cluster = await startCluster()
  const faults = await story(cluster)
  await cluster.end()
  return faults
}

const late = setTimeout(() => fail([`Not done within ${patience / 1000} s`]), patience)

/** All that still runs ends with this process. */
function fail(faults: string[]): never {
  for (const line of [...log, ...faults]) console.error(line)
  process.exit(1)
}

try {
  const faults = await roam()
  clearTimeout(late)
  if (faults.length > 0) fail(faults)
  tell('0 lost, 0 doubled, 0 out of order, and nobody was seen leaving')
} catch (error) {
  fail([error instanceof Error ? (error.stack ?? error.message) : String(error)])
}
