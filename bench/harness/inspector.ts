import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Bytes, after a collection of garbage. `heap` includes what V8 keeps outside of its heap for the objects. */
export type Memory = { heap: number; resident: number }

type Answer = { id: number; result: { result?: { value: unknown } } }

/** Starts a process with the inspector on a free port. Its stderr has the address: see `inspectorAddressIn`. */
export const inspectorArgv = ['--inspect=127.0.0.1:0']

/** Undefined if the text does not have the address. */
export const inspectorAddressIn = (text: string) => /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(text)?.[0]

/** Collects the garbage of another process and reads its memory. The servers that are measured need no code for that. */
export async function memoryOf(address: string): Promise<Memory> {
  const socket = new WebSocket(address, { perMessageDeflate: false })
  await once(socket, 'open')
  let number = 0
  const call = async (method: string, params: object = {}): Promise<Answer['result']> => {
    number += 1
    const id = number
    socket.send(JSON.stringify({ id, method, params }))
    for (;;) {
      const [data] = (await once(socket, 'message')) as [Buffer]
      const answer = JSON.parse(data.toString()) as Answer
      if (answer.id === id) return answer.result
    }
  }
  // the second collection frees what finalizers of the first have released
  await call('HeapProfiler.collectGarbage')
  await call('HeapProfiler.collectGarbage')
  const { result } = await call('Runtime.evaluate', { expression: 'process.memoryUsage()', returnByValue: true })
  socket.close()
  const { rss, heapUsed, external } = (result as { value: NodeJS.MemoryUsage }).value
  return { heap: heapUsed + external, resident: rss }
}
