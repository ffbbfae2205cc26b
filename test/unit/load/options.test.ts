import { expect, test } from 'vitest'
import { readLoadOptions } from '../../load/options.ts'
import { readScenarios } from '../../load/scenario.ts'
import type { Mistake } from '../../load/usage-error.ts'

const scenarios = readScenarios()
const read = (line: string) => readLoadOptions(line.split(' ').filter(Boolean), scenarios)

test('four scenarios, with what is meant if nothing is said', () => {
  expect(scenarios.map(({ name }) => name).sort()).toEqual(['chatter', 'exchange', 'login', 'storm'])
  expect(read('storm')).toMatchObject({ users: 240, rate: 0.5, duration: 60, targets: [], out: 'load-reports' })
})

test('what is said counts', () => {
  const line = 'chatter --users 30 --rate 2.5 --duration 20 --target http://a:1,https://b.example/x'
  const expected = { users: 30, rate: 2.5, duration: 20, targets: ['http://a:1', 'https://b.example/x'] }
  expect(read(line)).toMatchObject(expected)
  expect(read('--help')).toBeUndefined()
})

test.each([
  ['', /^Which scenario\?/],
  ['chater', /^There is no scenario chater/],
  ['chatter storm', /^One scenario at a time/],
  ['chatter --user 3', /Unknown option '--user'/],
  ['chatter --users 1', /^--users: expected a whole number from 2 to 100000, not 1/],
  ['chatter --users many', /^--users: expected/],
  ['chatter --rate 21', /^--rate: expected a number from 0.001 to 20, not 21/],
  ['chatter --duration 1.5', /^--duration: expected/],
  ['login --users 5', /^--users: in login users come and go/],
  ['login --target localhost:8080', /^--target: localhost:8080 is no http URL/],
  ['login --target http://a,', /^--target: nothing is no http URL/],
])('%s', (line, says) => {
  expect(() => read(line)).toThrow(says)
  try {
    read(line)
  } catch (error) {
    expect((error as Mistake).exitCode).toBe(2)
    expect((error as Mistake).message).toContain('Usage: npm run load')
  }
})
