import { CallUser } from './call-user.ts'
import { ChatUser } from './chat-user.ts'
import type { UserPool } from './user-pool.ts'
import type { VirtualUser } from './virtual-user.ts'

/** A step of one virtual user; it resolves to the user of the next step. */
type Step = (pool: UserPool, user: VirtualUser | undefined) => Promise<VirtualUser | undefined>
type StepOptions = { [name: string]: unknown }

/** The verbs of a scenario's flow. `login` and `join` create the user; the others need one. */
const stepFactories: { [verb: string]: (options: StepOptions) => Step } = {
  /** Enters a room of the portal. */
  login: (options) => {
    const size = numberOf(options, 'roomOf')
    return (pool) => logIn(new ChatUser(pool, pool.groupOf(size)))
  },
  /** Enters a channel of the exchanger. */
  join: (options) => {
    const size = numberOf(options, 'channelOf')
    return (pool) => logIn(new CallUser(pool, pool.groupOf(size)))
  },
  stay: (options) => {
    const ms = numberOf(options, 'seconds') * 1000
    return async (pool, user) => {
      await pool.pause(ms)
      return user
    }
  },
  chat: (options) => {
    const chat = { bytes: numberOf(options, 'bytes'), direct: numberOf(options, 'direct') }
    return async (_crew, user) => {
      if (!(user instanceof ChatUser)) throw new Error('The step chat needs a step login before it')
      await user.chat(chat)
      return user
    }
  },
  negotiate: (options) => {
    const negotiation = { sdpBytes: numberOf(options, 'sdpBytes'), candidates: numberOf(options, 'candidates') }
    return async (_crew, user) => {
      if (!(user instanceof CallUser)) throw new Error('The step negotiate needs a step join before it')
      await user.negotiate(negotiation)
      return user
    }
  },
  leave: () => async (_crew, user) => {
    await user?.leave()
    return undefined
  },
}

/** @param flow of the scenario's YAML: objects with one verb as their key @throws Error on an unknown verb */
export function readFlow(flow: readonly StepOptions[]): (pool: UserPool) => Promise<void> {
  const steps = flow.map((entry) => {
    const [verb = '', options] = Object.entries(entry)[0] ?? []
    const make = Object.hasOwn(stepFactories, verb) ? stepFactories[verb] : undefined
    if (!make) throw new Error(`Unknown step "${verb}"; the steps are ${Object.keys(stepFactories).join(', ')}`)
    return make((options ?? {}) as StepOptions)
  })
  return async (pool) => {
    let user: VirtualUser | undefined
    for (const step of steps) user = await step(pool, user)
  }
}

async function logIn(user: VirtualUser): Promise<VirtualUser> {
  await user.enter()
  return user
}

function numberOf(options: StepOptions, name: string): number {
  const value = Number(options[name])
  if (Number.isFinite(value) && value >= 0) return value
  throw new Error(`${name}: expected a number, not ${JSON.stringify(options[name])}`)
}
