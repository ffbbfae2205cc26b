import { Bystanders } from '../test/support/bystanders.ts'
import { secret } from './servers.ts'

/** What the bench asks of this process, and gets an answer to. */
export type Question = 'take' | 'silence' | 'talk'

/** A child of bench/abuse.ts: in the attacker's own process the attack would delay what is measured. */
const bystanders = await Bystanders.enter({ url: process.env.URL ?? '', secret }, 20)
const answers: { [question in Question]: () => unknown } = {
  take: () => bystanders.take(),
  silence: () => bystanders.silence(),
  talk: () => bystanders.talk(),
}
process.send?.('talking')
process.on('message', async (question: Question) => {
  try {
    process.send?.((await answers[question]()) ?? 'done')
  } catch {
    process.exit(1) // the node disconnected them: the bench says so
  }
})
process.on('disconnect', () => process.exit())
