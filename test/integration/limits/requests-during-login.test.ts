import { expect, test } from 'vitest'
import { startNode } from '../../support/node.ts'

const waitingLimit = 100
const excess = 20
const separator = '\u001e'

/** A client with long-polling and without a client library, so that one POST has all its packets. */
async function poll(url: string) {
  const address = `${url}/socket.io/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await (await fetch(address)).text()).slice(1))
  const session = `${address}&sid=${sid}`
  return {
    post: async (packets: string[]) =>
      expect((await fetch(session, { method: 'POST', body: packets.join(separator) })).status).toBe(200),
    packets: async () => (await (await fetch(session)).text()).split(separator),
  }
}

test.each([
  ['/rooms', ['enter_room', 'den'], ['enter_room', 'den']],
  ['/rooms', ['enter_room', 'den'], ['nickname', 'Ann']],
  ['/rooms', ['enter_room', 'den'], ['rooms']],
  ['/exchanger', ['joinStream', { channelName: 'den' }], ['joinStream', { channelName: 'den' }]],
])(
  'on %s, after %j, a hundred further requests such as %j that arrive before its answer are served, and the others refused',
  async (namespace, first, next) => {
    const { url, logs } = await startNode()
    const client = await poll(url)
    await client.post([`40${namespace},`])
    await client.packets()
    const requests = [first, ...Array.from({ length: waitingLimit + excess }, () => next)]
    await client.post(requests.map((request, id) => `42${namespace},${id}${JSON.stringify(request)}`))
    const acks = new Map<number, string>()
    while (acks.size < requests.length) {
      for (const packet of await client.packets()) {
        const [, id, status] = /^43\/\w+,(\d+)\["(\w+)"/.exec(packet) ?? []
        if (id !== undefined && status !== undefined) acks.set(Number(id), status)
      }
    }
    const refused = [...acks].filter(([, status]) => status === 'error')
    expect(refused.map(([id]) => id).sort((a, b) => a - b)).toEqual(
      Array.from({ length: excess }, (_, index) => 1 + waitingLimit + index),
    )
    expect(logs.lines.filter(({ reason }) => reason === 'too_many_early')).toHaveLength(excess)
  },
)
