import { Bystanders } from '../test/support/bystanders.ts'
import { secret } from './servers.ts'

/** Run as a child of bench/abuse.ts, so that what the attacker's own process is busy with is not measured: tells, when asked. */
const bystanders = await Bystanders.enter({ url: process.env.URL ?? '', secret }, 20)
process.send?.('talking')
process.on('message', async () => {
  process.send?.(await bystanders.take())
})
process.on('disconnect', () => process.exit())
