import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type LocalCluster, startLocalCluster } from '../src/cli/local-cluster/index.ts'
import type { ClusterNode } from '../src/cli/local-cluster/node-process.ts'
import { Participant } from './participant.ts'

/**
 * `npm run roam`: three node processes and a Redis. Alice and Bob are in one room, each on a different node, and Bob
 * sends the numbers from 1 up. Alice's node is killed; she resumes on another and receives every number that she missed.
 * Then Bob's node is shut down, and he moves to another without losing a number. The exit code is 0 only if no number was
 * lost, duplicated or out of order, and no participant was seen leaving.
 */
const sendIntervalMs = 20
const storyTimeoutMs = 60_000

const started = performance.now()
const print = (line: string) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(3).padStart(7)} s  ${line}`)
const ms = (time: number) => `${time.toFixed(0)} ms`
/** What the nodes print; shown when the story fails. */
const nodeOutput: string[] = []

function startCluster(): Promise<LocalCluster> {
  const { PATH, REDIS_URL, REDIS_MODE, REDIS_SENTINEL_NAME } = process.env
  return startLocalCluster({
    nodes: 3,
    program: [process.execPath, fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))],
    environment: {
      ...{ PATH, REDIS_URL, REDIS_MODE, REDIS_SENTINEL_NAME },
      REDIS_PREFIX: `roam-${randomBytes(4).toString('hex')}`,
      HOST: '127.0.0.1',
      PORT: '0', // any free port
      OPS_PORT: '0',
      DRAIN_SECONDS: '1',
      LOG_LEVEL: 'warn',
    },
    print: (line) => nodeOutput.push(line),
  })
}

/** Sends the numbers from 1 up at a steady rate. */
class NumberSender {
  sentCount = 0
  readonly #sender: Participant
  readonly #timer: NodeJS.Timeout

  constructor(sender: Participant) {
    this.#sender = sender
    this.#timer = setInterval(() => sender.send(++this.sentCount), sendIntervalMs)
  }

  /** Resolves when the sender has received this many more of its own numbers. */
  more(count: number): Promise<void> {
    return this.#sender.ledger.received(this.sentCount + count)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** Kills a node without warning; its participant resumes on another. */
async function kill(node: ClusterNode, alice: Participant, numbers: NumberSender, other: ClusterNode): Promise<void> {
  node.kill()
  const killedAt = performance.now()
  await alice.lost
  const last = alice.ledger.lastText
  print(`node ${node.name} is killed with SIGKILL; the last number alice received is ${last}, seq ${alice.seq}`)
  await numbers.more(50)
  print(`bob has sent up to ${numbers.sentCount} meanwhile`)

  const missed = numbers.sentCount
  const resumedAt = performance.now()
  const { seq } = alice
  await alice.resume(other)
  await alice.ledger.received(missed)
  print(`alice resumes on ${other.name}, ${ms(resumedAt - killedAt)} after the kill, with her ticket and seq ${seq}`)
  print(`she receives ${last + 1} to ${missed} within ${ms(performance.now() - resumedAt)}, then new numbers again`)
  await numbers.more(25)
}

/** Shuts a node down as a deployment does; its participant moves to another. */
async function drain(node: ClusterNode, bob: Participant, numbers: NumberSender, other: ClusterNode): Promise<void> {
  node.signal('SIGTERM')
  print(
    `node ${node.name} is shut down with SIGTERM; it asks bob to move within ${ms(await bob.draining)}; he keeps sending`,
  )
  await bob.lost
  const closedAt = performance.now()
  const resent = await bob.resume(other)
  const afterMs = performance.now() - closedAt
  print(
    `node ${node.name} closes his connection after number ${numbers.sentCount}; he resumes on ${other.name} ${ms(afterMs)} later`,
  )
  print(`bob resends his unacknowledged numbers: ${resent}`)
  await numbers.more(25)
  const { code, signal } = await node.ended
  print(`node ${node.name} has exited with ${signal ?? `code ${code}`}`)
  if (code !== 0) bob.ledger.incidents.push(`node ${node.name} did not exit with code 0`)
}

/** @returns the faults */
async function story({ nodes: [a, b, c] }: LocalCluster): Promise<string[]> {
  if (!a || !b || !c) throw new Error('The story needs three nodes')
  print(`three nodes on one Redis: ${[a, b, c].map(({ name, url }) => `${name} at ${url}`).join(', ')}`)
  const alice = await Participant.login('alice', 'roam', a)
  const bob = await Participant.login('bob', 'roam', b)
  print('alice logs in on a, bob on b')

  const numbers = new NumberSender(bob)
  await numbers.more(25)
  print(`bob sends a number every ${sendIntervalMs} ms; alice has received 1 to ${alice.ledger.lastText}`)
  await kill(a, alice, numbers, c)
  await drain(b, bob, numbers, c)
  numbers.stop()

  const { sentCount } = numbers
  await Promise.all([alice, bob].map(({ ledger }) => ledger.received(sentCount)))
  for (const participant of [alice, bob]) participant.leave()
  print(
    `bob stops at ${sentCount}; alice received ${alice.ledger.texts.length} numbers, bob ${bob.ledger.texts.length}`,
  )
  return [alice, bob].flatMap(({ name, ledger }) => ledger.faults(sentCount).map((fault) => `${name}: ${fault}`))
}

async function roam(): Promise<string[]> {
  const cluster = await startCluster()
  const faults = await story(cluster)
  await cluster.stop()
  return faults
}

const timeout = setTimeout(() => fail([`The story took longer than ${storyTimeoutMs / 1000} s`]), storyTimeoutMs)

/** Ends this process, and with it the nodes and Redis that it started. */
function fail(faults: string[]): never {
  for (const line of [...nodeOutput, ...faults]) console.error(line)
  process.exit(1)
}

try {
  const faults = await roam()
  clearTimeout(timeout)
  if (faults.length > 0) fail(faults)
  print('0 lost, 0 duplicated, 0 out of order, and no participant was seen leaving')
} catch (error) {
  fail([error instanceof Error ? (error.stack ?? error.message) : String(error)])
}
