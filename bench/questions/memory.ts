import type { Question } from '../harness/question.ts'
import { audienceOf, pause } from '../harness/work.ts'

const smallSize = 500
const addedClients = 2000
/** Until the node has sent everything and timers of the logins are over, s. */
const settleSeconds = 2

export const memory: Question = {
  name: 'memory',
  about: `what ${addedClients} idle clients add to the memory of a node that has ${smallSize}, after collections of garbage; participants are in rooms of four`,
  figures: {
    heap: { unit: 'kB', meaning: 'V8 heap and external memory for a client', better: 'lower' },
    resident: { unit: 'kB', meaning: 'resident set for a client; coarse', better: 'lower' },
  },
  cases: [{ client: 'connection' }, { client: 'participant' }],
  inspects: true,
  measure: async (setting) => {
    const { load, parameters } = setting
    const add = async (clients: number) => {
      const audience = audienceOf(setting, { clients, members: 4 })
      await (parameters.client === 'participant' ? load.enter(audience) : load.connect(audience))
      await pause(settleSeconds)
      return { clients: audience.clients, memory: await setting.memory(0) }
    }
    const before = await add(smallSize)
    const after = await add(addedClients)
    const perClient = (kind: 'heap' | 'resident') => (after.memory[kind] - before.memory[kind]) / after.clients / 1000
    return { heap: perClient('heap'), resident: perClient('resident') }
  },
}
