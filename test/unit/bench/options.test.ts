import { expect, test } from 'vitest'
import { candidatesOf } from '../../../bench/harness/candidates.ts'
import type { Question } from '../../../bench/harness/question.ts'
import { readBenchOptions } from '../../../bench/options.ts'
import { questions } from '../../../bench/questions/index.ts'
import type { UsageError } from '../../load/usage-error.ts'

const read = (line: string) =>
  readBenchOptions(line.split(' ').filter(Boolean), questions, new Date('2026-11-29T12:00:00.000Z'))

const question = (name: string) => questions.find((known) => known.name === name) as Question

test('without arguments every question is measured in five rounds of 10 s, and the file has the date', () => {
  expect(read('')).toMatchObject({
    questions,
    rounds: 5,
    seconds: 10,
    builds: [],
    command: 'npm run bench',
    quick: false,
    json: 'bench/results/2026-11-29T12-00-00.000Z.json',
  })
})

test('questions and cases can be selected, and builds can be added', () => {
  const options = read(
    'fan-out directed --where nodes=4 --where members=100 --dist a=../a/dist --dist b=/old=1/dist --json /x',
  )
  expect(options?.questions.map(({ name, cases }) => ({ name, cases }))).toEqual([
    { name: 'fan-out', cases: [{ nodes: 4, members: 100 }] },
  ])
  expect(options?.builds).toEqual([
    { name: 'a', folder: '../a/dist' },
    { name: 'b', folder: '/old=1/dist' },
  ])
  // a document repeats the command, so it names no folders of this machine
  expect(options?.command).toBe(
    "npm run bench -- fan-out directed --where 'nodes=4' --where 'members=100' --dist a=… --dist b=…",
  )
})

test('a quick run measures the first case of each question once for a second, unless the arguments say otherwise', () => {
  expect(read('--quick')).toMatchObject({ rounds: 1, seconds: 1, quick: true })
  expect(read('--quick')?.questions.every(({ cases }) => cases.length === 1)).toBe(true)
  expect(read('login --quick --rounds 2 --where connection=new --json a.json')).toMatchObject({
    rounds: 2,
    json: 'a.json',
  })
})

test.each([
  ['directd', /^Unknown question "directd"/],
  ['--round 3', /Unknown option '--round'/],
  ['--rounds 0', /^--rounds: expected a whole number from 1 to 1000, got "0"/],
  ['--rounds 1.5', /^--rounds: expected a whole number/],
  ['--rounds=', /^--rounds: expected a whole number from 1 to 1000, got ""/],
  ['--seconds long', /^--seconds: expected a number from 0.5 to 3600, got "long"/],
  ['--where nodes', /^--where: expected NAME=VALUE, got "nodes"/],
  ['--dist ../a/dist', /^--dist: expected NAME=FOLDER, got "..\/a\/dist"/],
  ['--where nodes=3000', /^--where: no case has nodes=3000/],
  ['--json', /'--json <value>' argument missing/],
])('the arguments "%s" are refused with %s and the usage', (line, message) => {
  expect(() => read(line)).toThrow(message)
  try {
    read(line)
  } catch (error) {
    expect((error as UsageError).exitCode).toBe(2)
    expect((error as UsageError).message).toContain('Usage: npm run bench')
  }
})

test('--help reads no options', () => {
  expect(read('--help')).toBeUndefined()
})

test('a question about both kinds of clients measures each build twice, and each peer once', () => {
  const names = candidatesOf(question('directed'), { nodes: 2 }, [{ name: 'before', folder: '../a/dist' }]).map(
    ({ name }) => name,
  )
  expect(names).toEqual([
    'Signalbox',
    'Signalbox, clients without seq',
    'before',
    'before, clients without seq',
    'classic adapter',
    'sharded adapter',
  ])
})

test('peers are not measured in a case that they cannot answer', () => {
  const peersOf = (requests: string) =>
    candidatesOf(question('polling'), { requests }, []).filter(({ durable }) => !durable)
  expect(peersOf('to its node')).toHaveLength(2)
  expect(peersOf('forwarded')).toHaveLength(0)
})

test('each question has its own name and a main figure; only recovery has no peer to compare it with', () => {
  expect(new Set(questions.map(({ name }) => name)).size).toBe(questions.length)
  for (const { figures } of questions) expect(Object.values(figures)[0]?.better).toBeDefined()
  const alone = questions.filter(({ asksPeers, cases }) => asksPeers && !cases.some(asksPeers))
  expect(alone.map(({ name }) => name)).toEqual(['recovery'])
})
