import type { CommandName, LoadCommands } from './commands.ts'
import { PollingPool } from './polling.ts'
import { ClientPool } from './pool.ts'
import { broadcast, direct } from './traffic.ts'

/** The process of the load generator. It executes one command after the other for its parent, and ends with it. */
const pool = new ClientPool()
const pollers = new PollingPool()
const commands: LoadCommands = {
  connect: (audience) => pool.connect(audience),
  login: (audience) => pool.login(audience),
  enter: (audience) => pool.enter(audience),
  cut: async ({ every = 1 }) => pool.cut(every),
  resume: (given) => pool.resume(given, { moves: given.moves, every: given.every ?? 1 }),
  direct: (traffic) => direct(pool, traffic),
  broadcast: (traffic) => broadcast(pool, traffic),
  enterPolling: (audience) => pollers.enter(audience),
  exchangePolling: ({ requests }) => pollers.exchange(requests),
  close: async () => {
    pool.close()
    await pollers.close()
  },
  cpu: async () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  },
}

process.on('message', async ({ name, given }: { name: CommandName; given: never }) => {
  try {
    process.send?.({ result: await commands[name](given) })
  } catch (error) {
    process.send?.({ failure: `${name}: ${error instanceof Error ? error.message : error}` })
  }
})
process.on('disconnect', () => process.exit())
