import { Agent, request } from 'node:http'
import { type Attacker, spaced, type Target } from './attacker.ts'
import { attackerAddress, many, poll } from './connection.ts'

type Size = {
  /** In each payload. */
  packets: number
  payloads: number
  atOnce: number
}

/**
 * Clients that connect to the portal by long-polling, and then post one payload with many small events each. Resolves
 * to the number of payloads by the HTTP status of their answers; 0 stands for no answer.
 */
export const payloads = (size: Size): Attacker<{ [status: number]: number }> => ({
  name: `${size.payloads} long-polling requests of ${spaced(size.packets)} packets, ${size.atOnce} at a time`,
  refusals: ['too_many_packets'],
  start: async (target) => {
    const agent = new Agent({ keepAlive: true, localAddress: attackerAddress })
    const body = Array.from({ length: size.packets }, () => '421["a"]').join('\x1e')
    const statuses: { [status: number]: number } = {}
    await many(size.payloads, size.atOnce, async () => {
      const status = await post(target, agent, body)
      statuses[status] = (statuses[status] ?? 0) + 1
    })
    agent.destroy()
    return statuses
  },
})

async function post({ url }: Target, agent: Agent, body: string): Promise<number> {
  const path = `${url}/socket.io/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await poll(agent, path)).slice(1)) as { sid: string }
  await poll(agent, `${path}&sid=${sid}`, '40')
  await poll(agent, `${path}&sid=${sid}`)
  return new Promise((resolve) => {
    const outgoing = request(`${path}&sid=${sid}`, { agent, method: 'POST' }, (response) => {
      response.resume().on('close', () => resolve(response.statusCode ?? 0))
    })
    outgoing.on('error', () => resolve(0)).end(body)
  })
}
