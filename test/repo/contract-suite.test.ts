import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type CaseCount, differences, recordCases } from '../contract/case-count.ts'
import { casesOf } from '../contract/contract.ts'
import { parts, stores } from '../contract/store.ts'

const folder = fileURLToPath(new URL('../contract', import.meta.url))
type Files = { [name: string]: string }

const files: Files = Object.fromEntries(
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
)

/** A sentence for each difference in how the stores run the contract. */
function departures(sources: Files, names: string[]): string[] {
  const tests = Object.entries(sources).filter(([name]) => name.endsWith('.test.ts'))
  const modules = Object.entries(sources).filter(([name]) => !name.endsWith('.test.ts'))
  const exported = modules.flatMap(([name, text]) =>
    [...text.matchAll(/^export function (describe\w+)\(.*Contract\)/gm)].map(([, part = '']) => ({ name, part })),
  )
  const calls = tests.flatMap(([, text]) =>
    [...text.matchAll(/describeStore\(\s*'([^']+)'/g)].map(([, store]) => store),
  )
  const used = (text: string) => exported.filter(({ part }) => text.includes(part)).map(({ part }) => part)
  return [
    ...names
      .filter((store) => calls.filter((called) => called === store).length !== 1)
      .map((store) => `${store} is not tested once`),
    ...tests.flatMap(([name, text]) => used(text).map((part) => `${name} calls ${part}, and not describeStore`)),
    ...exported
      .filter(({ part }) => !new RegExp(`: ${part},`).test(sources['store.ts'] ?? ''))
      .map(({ name, part }) => `${part} of ${name} is no part of describeStore`),
    ...exported
      .filter(({ name }) => /import \{[^}]*\b(test|it|describe)\b[^}]*\} from 'vitest'/.test(sources[name] ?? ''))
      .map(({ name }) => `${name} registers cases with vitest, and not with the contract`),
  ]
}

test('every store has to pass every part of the contract, through one call of describeStore', () => {
  expect(departures(files, Object.keys(stores))).toEqual([])
})

const unused = () => Promise.reject(new Error('No case runs here'))
const cases = casesOf(parts, { open: unused, openOwn: unused })
const titles = cases.map(({ group, title }) => `${group}: ${title}`)

test('no two cases of the contract have the same title in one group', () => {
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([])
})

test('a store for a single node is exempt only from the cases that need a second node', () => {
  const shared = cases.filter((one) => one.shared).map(({ group }) => group)
  expect([...new Set(shared)]).toEqual(['pub/sub', 'nodes, leases', 'nodes, dead nodes'])
  expect(Object.values(stores).filter((store) => !store.shared)).toHaveLength(1)
})

test.each<[fault: string, changes: Files, names: string[], found: string[]]>([
  ['a store without a test', {}, ['memory', 'sqlite'], ['sqlite is not tested once']],
  [
    'a store that is tested twice',
    { 'more.test.ts': `describeStore('memory', make)` },
    ['memory'],
    ['memory is not tested once'],
  ],
  [
    'a part that a test file calls for one store',
    { 'more.test.ts': 'describeRejoin(contract)' },
    ['memory'],
    ['more.test.ts calls describeRejoin, and not describeStore'],
  ],
  [
    'a part that runs with no store',
    { 'lobby.ts': 'export function describeLobby({ open, test }: Contract): void {' },
    ['memory'],
    ['describeLobby of lobby.ts is no part of describeStore'],
  ],
  [
    'a case that is not counted',
    { 'rejoin.ts': `import { expect, test } from 'vitest'\n${files['rejoin.ts']}` },
    ['memory'],
    ['rejoin.ts registers cases with vitest, and not with the contract'],
  ],
])('the check of the contract suite finds %s', (_fault, changes, names, found) => {
  expect(departures({ ...files, ...changes }, names)).toEqual(found)
})

const count = (held: string[], lacking: string[] = []): CaseCount => ({ held, lacking })

test.each<[fault: string, one: CaseCount, other: CaseCount, found: string[]]>([
  ['nothing when the cases are the same', count(['a', 'b']), count(['b', 'a']), []],
  ['nothing when a case is lacking by name', count(['a'], ['b']), count(['a', 'b']), []],
  [
    'a case that does not run with one of the stores',
    count(['a']),
    count(['a', 'b']),
    ['one does not run b', 'one has 1 cases, other has 2'],
  ],
  ['a case in place of another', count(['a', 'c']), count(['a', 'b']), ['one does not run b', 'other does not run c']],
  ['a case that is registered twice', count(['a', 'a']), count(['a']), ['one has 2 cases, other has 1']],
])('the comparison of two stores finds %s', (_fault, one, other, found) => {
  expect(differences(['one', one], ['other', other])).toEqual(found)
})

test('the cases of a store are compared with those of every store recorded before', () => {
  const run = mkdtempSync(join(tmpdir(), 'signalbox-cases-'))
  onTestFinished(() => rmSync(run, { recursive: true }))
  expect(recordCases(run, 'memory', count(titles.slice(0, -1), titles.slice(-1)))).toEqual([])
  expect(recordCases(run, 'redis', count(titles))).toEqual([])
  const found = recordCases(run, 'redis cluster', count(titles.slice(1)))
  expect(found.filter((text) => text.includes('does not run'))).toEqual([
    `redis cluster does not run ${titles[0]}`,
    `redis cluster does not run ${titles[0]}`,
  ])
})
