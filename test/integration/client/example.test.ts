import { expect, onTestFinished, test } from 'vitest'
import { Rooms } from '../../../src/client/index.ts'
import { javascript, type Program, start, typescript } from '../../support/command.ts'
import { startCluster } from '../../support/node.ts'
import { until } from '../../support/until.ts'

const examples: [string, Program, RegExp][] = [
  ["README's example", typescript('examples/sdk.ts'), /^back on http:\/\/127\.0\.0\.1:\d+ after \d+ ms, nothing lost$/],
  ['the example without the SDK', javascript('examples/plain-client.mjs'), /^back, nothing lost$/],
]

test.each(examples)(
  '%s greets a participant who joins, resumes after a lost connection, and ends when the other leaves',
  async (_name, example, back) => {
    const nodes = await startCluster(2)
    const [first = '', second = ''] = nodes.map(({ url }) => url)
    const bob = new Rooms({ url: second })
    onTestFinished(() => bob.close())
    const received: string[] = []
    bob.on('new_message', (text, { nickname }) => received.push(`${nickname}: ${text}`))
    bob.open()
    const ann = start(example, [first])
    await until(async () => (await bob.list().catch(() => [])).some(({ name }) => name === 'lobby'))
    await bob.nickname('bob')
    await bob.enter('lobby')
    await until(async () => received.length > 0)
    expect(received).toEqual(['ann: hello bob'])
    await bob.say('hello ann')
    await ann.line(/^bob: hello ann$/)
    for (const engine of enginesOf(nodes[0])) engine.close()
    await bob.say('after the loss')
    await ann.line(back)
    await ann.line(/^bob: after the loss$/)
    await bob.leave()
    const { code, stdout, stderr } = await ann.exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.match(/^bob: .*$/gm)).toEqual(['bob: hello ann', 'bob: after the loss'])
  },
)

/** The Engine.IO connections of a node. Closing them sends no disconnect packet. */
function enginesOf(node: { app: { io: { engine: object } } } | undefined): { close(): void }[] {
  const { clients = {} } = (node?.app.io.engine ?? {}) as { clients?: { [id: string]: { close(): void } } }
  return Object.values(clients)
}
