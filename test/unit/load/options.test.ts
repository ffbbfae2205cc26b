import { expect, test } from 'vitest'
import { readLoadOptions } from '../../load/options.ts'
import { readScenarios } from '../../load/scenario.ts'
import type { UsageError } from '../../load/usage-error.ts'

const scenarios = readScenarios()
const read = (line: string) => readLoadOptions(line.split(' ').filter(Boolean), scenarios)

test('each of the four scenarios has defaults', () => {
  expect(scenarios.map(({ name }) => name).sort()).toEqual(['chatter', 'exchange', 'login', 'storm'])
  expect(read('storm')).toMatchObject({ users: 240, rate: 0.5, duration: 60, targets: [], out: 'load-reports' })
})

test('the arguments override the defaults, and --help reads none', () => {
  const line = 'chatter --users 30 --rate 2.5 --duration 20 --target http://a:1,https://b.example/x'
  const expected = { users: 30, rate: 2.5, duration: 20, targets: ['http://a:1', 'https://b.example/x'] }
  expect(read(line)).toMatchObject(expected)
  expect(read('--help')).toBeUndefined()
})

test.each([
  ['', /^No scenario given/],
  ['chater', /^Unknown scenario "chater"/],
  ['chatter storm', /^Expected one scenario, but also got storm/],
  ['chatter --user 3', /Unknown option '--user'/],
  ['chatter --users 1', /^--users: expected a whole number from 2 to 100000, got "1"/],
  ['chatter --users many', /^--users: expected/],
  ['chatter --rate 21', /^--rate: expected a number from 0.001 to 20, got "21"/],
  ['chatter --duration 1.5', /^--duration: expected/],
  ['login --users 5', /^--users: login has no fixed number of users/],
  ['login --target localhost:8080', /^--target: "localhost:8080" is not an http or https URL/],
  ['login --target http://a,', /^--target: "" is not an http or https URL/],
])('the arguments "%s" are refused with %s and the usage', (line, message) => {
  expect(() => read(line)).toThrow(message)
  try {
    read(line)
  } catch (error) {
    expect((error as UsageError).exitCode).toBe(2)
    expect((error as UsageError).message).toContain('Usage: npm run load')
  }
})
