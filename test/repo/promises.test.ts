import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

/**
 * A promise that rejects without a handler ends the process. The linter refuses promises that are dropped, with `void` too.
 * It does not see that timers and event emitters drop the promise of an async callback.
 */
const dropPromises =
  /^(setTimeout|setInterval|setImmediate|nextTick|queueMicrotask|on|once|onAny|addListener|prependListener|use)$/

/** The async functions that are callbacks of timers and events. */
function asyncCallbacks(name: string, text: string): string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && dropPromises.test(calledName(node.expression))) {
      for (const argument of node.arguments) {
        if (isAsync(argument)) found.push(`${name}: ${argument.getText(file).split('\n')[0]}`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function calledName(called: ts.Expression): string {
  if (ts.isIdentifier(called)) return called.text
  return ts.isPropertyAccessExpression(called) ? called.name.text : ''
}

function isAsync(node: ts.Expression): boolean {
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return false
  return (ts.getCombinedModifierFlags(node as unknown as ts.Declaration) & ts.ModifierFlags.Async) !== 0
}

test('src, without the client, passes no async function to a timer or an event emitter', () => {
  const folder = join(import.meta.dirname, '../../src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.startsWith('client/'),
  )
  expect(files.length).toBeGreaterThan(100)
  expect(files.flatMap((path) => asyncCallbacks(path, readFileSync(join(folder, path), 'utf8')))).toEqual([])
})

test.each([
  'setTimeout(async () => {}, 1)',
  "emitter.on('event', async (text) => serve(text))",
  "this.#http.once('close', async function () {})",
])('an async callback fails: %s', (text) => {
  expect(asyncCallbacks('a.ts', text)).toHaveLength(1)
})
