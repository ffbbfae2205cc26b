import { Caller } from './call-user.ts'
import { Texter } from './chat-user.ts'
import type { Crew } from './user-pool.ts'
import type { Person } from './virtual-user.ts'

/** What one virtual user does next. */
type Step = (crew: Crew, person: Person | undefined) => Promise<Person | undefined>
type Given = { [name: string]: unknown }

/** The steps of a scenario's flow: each makes or takes the one who does it. */
const verbs: { [verb: string]: (given: Given) => Step } = {
  /** Into a room of the portal. */
  login: (given) => {
    const size = numberOf(given, 'roomOf')
    return (crew) => enter(new Texter(crew, crew.groupOf(size)))
  },
  /** Into a channel of the exchanger. */
  join: (given) => {
    const size = numberOf(given, 'channelOf')
    return (crew) => enter(new Caller(crew, crew.groupOf(size)))
  },
  stay: (given) => {
    const ms = numberOf(given, 'seconds') * 1000
    return async (crew, person) => {
      await crew.pause(ms)
      return person
    }
  },
  chat: (given) => {
    const chat = { bytes: numberOf(given, 'bytes'), direct: numberOf(given, 'direct') }
    return async (_crew, person) => {
      if (!(person instanceof Texter)) throw new Error('chat comes after login')
      await person.chat(chat)
      return person
    }
  },
  negotiate: (given) => {
    const negotiation = { sdpBytes: numberOf(given, 'sdpBytes'), candidates: numberOf(given, 'candidates') }
    return async (_crew, person) => {
      if (!(person instanceof Caller)) throw new Error('negotiate comes after join')
      await person.negotiate(negotiation)
      return person
    }
  },
  leave: () => async (_crew, person) => {
    await person?.leave()
    return undefined
  },
}

/** @param flow as it stands in the scenario's YAML: one verb each @throws Error when there is no such verb */
export function readFlow(flow: readonly Given[]): (crew: Crew) => Promise<void> {
  const steps = flow.map((entry) => {
    const [verb = '', given] = Object.entries(entry)[0] ?? []
    const make = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
    if (!make) throw new Error(`There is no step ${verb}; there are ${Object.keys(verbs).join(', ')}`)
    return make((given ?? {}) as Given)
  })
  return async (crew) => {
    let person: Person | undefined
    for (const step of steps) person = await step(crew, person)
  }
}

async function enter(person: Person): Promise<Person> {
  await person.enter()
  return person
}

function numberOf(given: Given, name: string): number {
  const value = Number(given[name])
  if (Number.isFinite(value) && value >= 0) return value
  throw new Error(`${name}: expected a number, not ${JSON.stringify(given[name])}`)
}
