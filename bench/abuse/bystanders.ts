import { Bystanders } from '../../test/support/bystanders.ts'
import { secret } from '../servers.ts'

/** The commands of the bench to this process. Each gets an answer. */
export type BystanderCommand = 'observed' | 'stop' | 'start'

/** A child process of bench/abuse/main.ts: in the attacker's process the attack would distort the measured times. */
const bystanders = await Bystanders.enter({ url: process.env.URL ?? '', secret }, 20)
const answers: { [command in BystanderCommand]: () => unknown } = {
  observed: () => bystanders.takeObserved(),
  stop: () => bystanders.stopSending(),
  start: () => bystanders.startSending(),
}
process.send?.('started')
process.on('message', async (command: BystanderCommand) => {
  try {
    process.send?.((await answers[command]()) ?? 'done')
  } catch {
    process.exit(1) // the node disconnected the bystanders; the bench reports it
  }
})
process.on('disconnect', () => process.exit())
