import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Everything that a node counts, declared once (docs/monitoring.md). Gauges that describe the present are filled in when scraped. */
export function createMetrics(node: string, version: string) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = [], collect?: () => void) =>
    new Gauge<L>({
      name: `signalbox_${name}`,
      help,
      labelNames,
      registers: [registry],
      ...(collect ? { collect } : {}),
    })
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter<L>({ name: `signalbox_${name}`, help, labelNames, registers: [registry] })
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: L[] = []) =>
    new Histogram<L>({ name: `signalbox_${name}`, help, labelNames, buckets, registers: [registry] })

  const tally = new MessageTally()
  const messages = new Counter({
    name: 'signalbox_messages_total',
    help: 'Messages by direction',
    labelNames: ['dialect', 'event', 'direction'],
    registers: [registry],
    collect() {
      tally.drain((labels, count) => this.inc(labels, count))
    },
  })
  const fastBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  const metrics = {
    registry,
    connections: gauge('connections', 'Open client connections', ['dialect', 'transport']),
    clients: gauge('clients', 'Clients that count towards the limit, however many dialects each speaks'),
    clientsLimit: gauge('clients_limit', 'MAX_CONNECTIONS'),
    nodeProxy: gauge('forwarding', 'Requests and WebSockets of other nodes that go through this one', ['transport']),
    forwarded: counter('forwarded_total', 'Requests passed on to the node that they are for', ['transport']),
    participants: gauge('participants', 'Participants held by this node', ['state']),
    rooms: gauge('rooms', 'Rooms that this node listens to'),
    roomsBehind: gauge('rooms_behind', 'Rooms in which messages are known of that were not handed on yet'),
    logins: counter('logins_total', 'Logins asked for', ['dialect', 'result']),
    relogins: counter('relogins_total', 'Relogins asked for', ['dialect', 'result', 'from']),
    incomplete: counter('incomplete_relogins_total', 'Relogins for which the log had not kept all that was missed'),
    reloginSeconds: histogram('relogin_seconds', 'From relogin asked to level with the room', fastBucketsSeconds),
    messageSeconds: histogram('message_seconds', 'From message accepted to handed to the socket', fastBucketsSeconds),
    redisSeconds: histogram('redis_seconds', 'Calls to Redis', fastBucketsSeconds, ['operation']),
    redisFailures: counter('redis_failures_total', 'Calls that Redis did not answer, or with an error', ['operation']),
    messages,
    countMessage: tally.count.bind(tally),
    replayed: counter('replayed_messages_total', 'Messages read from a log for one who came back'),
    repaired: counter('repaired_gaps_total', 'Gaps in the live feed that were filled from a log'),
    left: counter('left_total', 'Participants who left', ['reason']),
    refused: counter('refused_total', 'What was refused, by reason', ['reason']),
    redisUp: gauge('redis_up', '1 while Redis answers'),
    draining: gauge('draining', '1 while this node moves its clients away'),
    node: gauge('node', 'This node', ['id', 'version']),
  }
  metrics.node.set({ id: node, version }, 1)
  setFirstValues(metrics)
  return metrics
}

/** Prometheus sees no rise when a series appears, so the series of alerts exist from the start. */
function setFirstValues(metrics: Pick<Metrics, 'left' | 'forwarded' | 'refused' | 'participants'>): void {
  for (const reason of ['logout', 'window', 'dropped', 'node_lost']) metrics.left.inc({ reason }, 0)
  for (const transport of ['polling', 'websocket']) metrics.forwarded.inc({ transport }, 0)
  for (const reason of ['internal', 'unavailable']) metrics.refused.inc({ reason }, 0)
  for (const state of ['connected', 'waiting']) metrics.participants.set({ state }, 0)
}

type MessageLabels = { dialect: string; event: string; direction: 'in' | 'out' }

/** Plain numbers for what is counted at every message: prom-client hashes the labels at each call, so it learns of them when scraped. */
class MessageTally {
  readonly #counts = new Map<string, { labels: MessageLabels; count: number }>()

  count(dialect: string, event: string, direction: 'in' | 'out'): void {
    const key = `${dialect} ${event} ${direction}`
    const seen = this.#counts.get(key)
    if (seen) seen.count += 1
    else this.#counts.set(key, { labels: { dialect, event, direction }, count: 1 })
  }

  drain(take: (labels: MessageLabels, count: number) => void): void {
    for (const { labels, count } of this.#counts.values()) take(labels, count)
    this.#counts.clear()
  }
}

export type Metrics = ReturnType<typeof createMetrics>
