import type { Figures, Question, Setting } from '../harness/question.ts'
import { audienceOf, withCpu } from '../harness/work.ts'
import type { Delivered } from '../load/commands.ts'

export const directedFigures: Question['figures'] = {
  cpu: { unit: 'µs', meaning: 'CPU time of all nodes for a message', better: 'lower' },
  p50: { unit: 'ms', meaning: 'median of the time from sending to receipt', better: 'lower' },
  p99: { unit: 'ms', meaning: '99th percentile of the same', better: 'lower' },
}

/** Steady load of directed messages, after a warm-up. @throws Error if a message was refused or has not arrived */
export async function exchangeDirected(
  setting: Setting,
  { clients, rate }: { clients: number; rate: number },
): Promise<Figures> {
  const { load, seconds, warmUpSeconds, shrink } = setting
  const perSecond = rate / shrink
  await load.enter(audienceOf(setting, { clients, members: 8 }))
  await load.direct({ rate: perSecond, seconds: warmUpSeconds })
  const { result, cpu } = await withCpu(setting, () => load.direct({ rate: perSecond, seconds }))
  requireComplete(result, 1)
  return { cpu: (cpu / result.sent) * 1e6, p50: result.p50, p99: result.p99 }
}

export function requireComplete({ sent, delivered, refused }: Delivered, receivers: number): void {
  if (refused === 0 && delivered === sent * receivers) return
  throw new Error(`Of ${sent} messages to ${receivers} clients, ${delivered} arrived; ${refused} were refused`)
}
