import type { WebSocket } from 'ws'
import { type Attacker, spaced } from './attacker.ts'
import { connected } from './connection.ts'

type Size = {
  connections: number
  requests: number
  /** The length of the payload of each request, as JSON. */
  bytes: number
  /** Lists of empty lists take twenty times their text in memory. */
  data?: 'text' | 'lists'
}
export type EarlyAnswers = { [code: string]: number }

/** Requests before a login, on each connection as many as may wait for one. Resolves to the number of refusals by code. */
export const earlyRequests = ({ connections, requests, bytes, data = 'text' }: Size): Attacker<EarlyAnswers> => ({
  name: `${requests} requests of ${spaced(bytes / 1000)} kB (${data}) before a login on each of ${connections} connections`,
  refusals: ['client_memory', 'illegal_request'],
  start: async (target) => {
    const sockets = await Promise.all(Array.from({ length: connections }, () => connected(target, '/exchanger,')))
    const answers: EarlyAnswers = {}
    const payload = data === 'text' ? 'x'.repeat(bytes) : Array.from({ length: bytes / 3 }, () => [])
    await Promise.all(sockets.map((socket) => sendAll(socket, requests, payload, answers)))
    for (const socket of sockets) socket.terminate()
    return answers
  },
})

function sendAll(socket: WebSocket, requests: number, payload: unknown, answers: EarlyAnswers): Promise<void> {
  const offer = JSON.stringify(['offer', { channelName: 'x', sessionDescriptor: payload }])
  let unanswered = requests
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('The node closed the connection')))
    socket.on('message', (data: Buffer) => {
      const [, code] = /^43\/exchanger,\d+\["error".*"code":"(\w+)"/.exec(String(data)) ?? []
      if (code === undefined) return
      answers[code] = (answers[code] ?? 0) + 1
      unanswered -= 1
      if (unanswered === 0) resolve()
    })
    for (let id = 1; id <= requests; id += 1) socket.send(`42/exchanger,${id}${offer}`)
  })
}
