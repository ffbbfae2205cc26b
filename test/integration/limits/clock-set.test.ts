import { expect, onTestFinished, test, vi } from 'vitest'
import { connect, enter } from '../../support/client.ts'
import { newRoom, startNode } from '../../support/node.ts'

// with a clock that is ahead, the client of this process would close: engine.io-client reads Date.now()
test.each([-300_000, -60_000])(
  'a node whose wall clock steps by %i ms continues to answer and deliver',
  async (step) => {
    const node = await startNode({ env: { TICKET_TTL: 30 } })
    const room = newRoom()
    const [ann, bob] = [await enter(node.url, { room, user: 'ann' }), await enter(node.url, { room, user: 'bob' })]
    expect((await ann.request('text', { to: 'all', message: 'before' })).status).toBe('ok')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + step })
    onTestFinished(() => void vi.useRealTimers())
    for (let n = 0; n < 130; n += 1)
      expect((await ann.request('text', { to: 'all', message: `${n}` })).status).toBe('ok')
    expect(await bob.barrier()).toHaveLength(131)
    ann.cut()
    const back = await connect(node.url)
    await back.relogin({ ticket: ann.ticket, seq: ann.seq })
    expect(back.id).toBe(ann.id)
    expect(JSON.stringify(node.logs.lines.filter(({ level }) => level >= 40))).toBe('[]')
  },
)
