import { expect } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { DeliveryState, SessionRef } from '../../src/core/ports/session-store.ts'
import type { Contract } from './contract.ts'

/** The question of a new owner's node to the previous node: `serve`, `ask`. */
export function describeHandover({ open, test }: Contract): void {
  const sessionRefOf = (node: string, id = newId()): SessionRef => ({ room: 'portal/r é', id, owner: `${node}:7` })
  const deliveryStates = (known: { [id: string]: DeliveryState }) => (ref: SessionRef) => known[ref.id]

  test('the previous node answers with the delivery state of its connection, or with undefined if it has none', async () => {
    const { store, other } = await open()
    const [one, two] = [`host:80.${newId()}`, newId()]
    const ref = sessionRefOf(one)
    const questions: SessionRef[] = []
    await store.handover.serve(one, (about) => {
      questions.push(about)
      return deliveryStates({ [ref.id]: { confirmed: 3, sent: 5 } })(about)
    })
    await other.handover.serve(two, () => ({ confirmed: 1, sent: 1 }))
    const answers = [sessionRefOf(one), ref, sessionRefOf(one)].map((about) => other.handover.ask(about))
    expect(await Promise.all(answers)).toEqual([undefined, { confirmed: 3, sent: 5 }, undefined])
    expect(questions).toContainEqual(ref)
    expect(questions).toHaveLength(3)
  })

  test('a question to a node that does not exist resolves to undefined', async () => {
    const { store } = await open()
    await store.handover.serve(newId(), () => ({ confirmed: 1, sent: 1 }))
    expect(await store.handover.ask(sessionRefOf(newId()))).toBeUndefined()
  })

  test('two nodes can ask each other at the same time', async () => {
    const { store, other } = await open()
    const [one, two] = [newId(), newId()]
    await store.handover.serve(one, () => ({ confirmed: 1, sent: 1 }))
    await other.handover.serve(two, () => ({ confirmed: 2, sent: 2 }))
    const answers = [store.handover.ask(sessionRefOf(two)), other.handover.ask(sessionRefOf(one))]
    expect((await Promise.all(answers)).map((deliveryState) => deliveryState?.confirmed)).toEqual([2, 1])
  })
}
