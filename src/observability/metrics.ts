import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

const bucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** All metrics of a node (docs/monitoring.md#metrics). Gauges of the present state are set when Prometheus scrapes. */
export function createMetrics(node: string, version: string) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const declare = declarationsOf(registry)
  const metrics = {
    registry,
    ...connectionMetrics(declare),
    ...sessionMetrics(declare),
    ...messageMetrics(declare, registry),
    ...redisMetrics(declare),
    refused: declare.counter('refused_total', 'Refusals, by error code or limit', ['reason']),
    draining: declare.gauge('draining', '1 while this node moves its clients to other nodes'),
    node: declare.gauge('node', 'Always 1; the labels describe this node', ['id', 'version']),
  }
  metrics.node.set({ id: node, version }, 1)
  setFirstValues(metrics)
  return metrics
}

type Declarations = ReturnType<typeof declarationsOf>

/** Declares metrics whose names begin with `signalbox_`. */
function declarationsOf(registry: Registry) {
  const common = <L extends string>(name: string, help: string, labelNames: L[]) => ({
    name: `signalbox_${name}`,
    help,
    labelNames,
    registers: [registry],
  })
  return {
    gauge: <L extends string>(name: string, help: string, labelNames: L[] = []) =>
      new Gauge<L>(common(name, help, labelNames)),
    counter: <L extends string>(name: string, help: string, labelNames: L[] = []) =>
      new Counter<L>(common(name, help, labelNames)),
    histogram: <L extends string>(name: string, help: string, labelNames: L[] = []) =>
      new Histogram<L>({ ...common(name, help, labelNames), buckets: bucketsSeconds }),
  }
}

function connectionMetrics({ gauge, counter }: Declarations) {
  return {
    connections: gauge('connections', 'Open connections of clients, one for each dialect that a client uses', [
      'dialect',
      'transport',
    ]),
    clients: gauge('clients', 'Clients that count towards MAX_CONNECTIONS, each once, however many dialects it uses'),
    clientsLimit: gauge('clients_limit', 'MAX_CONNECTIONS'),
    forwarding: gauge(
      'forwarding',
      'Requests and WebSockets of connections of other nodes that this node forwards now',
      ['transport'],
    ),
    forwarded: counter('forwarded_total', 'Requests and upgrades forwarded to the node of their connection', [
      'transport',
    ]),
  }
}

function sessionMetrics({ gauge, counter, histogram }: Declarations) {
  return {
    participants: gauge('participants', 'Participants of this node', ['state']),
    rooms: gauge('rooms', 'Rooms to which this node is subscribed'),
    roomsBehind: gauge('rooms_behind', 'Rooms with known messages that are not delivered yet'),
    logins: counter('logins_total', 'Logins', ['dialect', 'result']),
    relogins: counter('relogins_total', 'Relogins', ['dialect', 'result', 'from']),
    incomplete: counter(
      'incomplete_relogins_total',
      'Relogins whose missed messages were already trimmed from the room log',
    ),
    reloginSeconds: histogram('relogin_seconds', 'Time from a relogin request until the client has caught up'),
    left: counter('left_total', 'Participants that left', ['reason']),
  }
}

function messageMetrics({ counter, histogram }: Declarations, registry: Registry) {
  const tally = new MessageTally()
  return {
    messages: new Counter({
      name: 'signalbox_messages_total',
      help: 'Requests (in) and notifications (out)',
      labelNames: ['dialect', 'event', 'direction'],
      registers: [registry],
      collect() {
        tally.drain((labels, count) => this.inc(labels, count))
      },
    }),
    countMessage: tally.count.bind(tally),
    messageSeconds: histogram(
      'message_seconds',
      'Time from the acceptance of a request until its notification is written to the socket',
    ),
    replayed: counter('replayed_messages_total', 'Messages read from room logs for clients that resumed'),
    repaired: counter('repaired_gaps_total', 'Gaps in the live feed that were filled from a room log'),
  }
}

function redisMetrics({ gauge, counter, histogram }: Declarations) {
  return {
    redisSeconds: histogram('redis_seconds', 'Duration of calls to Redis', ['operation']),
    redisFailures: counter('redis_failures_total', 'Calls that Redis did not answer, or answered with an error', [
      'operation',
    ]),
    redisUp: gauge('redis_up', '1 while Redis serves this node'),
  }
}

/** Prometheus cannot see an increase from an absent series: the series of the alerts exist from the start. */
function setFirstValues(metrics: Pick<Metrics, 'left' | 'forwarded' | 'refused' | 'participants'>): void {
  for (const reason of ['logout', 'window', 'dropped', 'node_lost']) metrics.left.inc({ reason }, 0)
  for (const transport of ['polling', 'websocket']) metrics.forwarded.inc({ transport }, 0)
  for (const reason of ['internal', 'unavailable']) metrics.refused.inc({ reason }, 0)
  for (const state of ['connected', 'waiting']) metrics.participants.set({ state }, 0)
}

type MessageLabels = { dialect: string; event: string; direction: 'in' | 'out' }

/** Counts messages in a map between two scrapes, because prom-client hashes the labels at every call. */
class MessageTally {
  readonly #counts = new Map<string, { labels: MessageLabels; count: number }>()

  count(dialect: string, event: string, direction: 'in' | 'out'): void {
    const key = `${dialect} ${event} ${direction}`
    const entry = this.#counts.get(key)
    if (entry) entry.count += 1
    else this.#counts.set(key, { labels: { dialect, event, direction }, count: 1 })
  }

  /** Passes each count since the last call to `add`. */
  drain(add: (labels: MessageLabels, count: number) => void): void {
    for (const { labels, count } of this.#counts.values()) add(labels, count)
    this.#counts.clear()
  }
}

export type Metrics = ReturnType<typeof createMetrics>
