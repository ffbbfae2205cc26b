import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Question } from '../../bench/harness/question.ts'
import { questions } from '../../bench/questions/index.ts'
import { isFatalForSession, isTokenRefusal } from '../../src/client/error-policy.ts'
import { describeConfig } from '../../src/config/describe.ts'
import { decodeObject, type Keyring } from '../../src/core/auth/keyring.ts'
import { writeTicket } from '../../src/core/auth/tickets.ts'
import { writeToken } from '../../src/core/auth/tokens.ts'
import { errorCodes } from '../../src/core/errors.ts'
import { messages } from '../../src/dialects/portal/error-messages.ts'
import { exchanger } from '../../src/protocol/exchanger.ts'
import { portal, portalLegacy, portalV1 } from '../../src/protocol/portal.ts'
import { rooms } from '../../src/protocol/rooms.ts'
import { clusterKeys, keysOf, nonceKeys, roomKeys, roomSizeKeys } from '../../src/state/redis/keys.ts'
import { neededRights } from '../../src/state/redis/rights.ts'
import {
  anchors,
  created,
  documents,
  links,
  marked,
  quoted,
  readDocument,
  root,
  rows,
  section,
} from '../support/markdown.ts'
import { startNode } from '../support/node.ts'

const all = documents.map(readDocument).join('\n')
const sorted = (texts: Iterable<string>) => [...new Set(texts)].sort()
const cells = (line: string[]) => `| ${line.join(' | ')} |`

describe('options', () => {
  const options = describeConfig({})
  const groups = marked(readDocument('docs/configuration.md'), 'options').split(/^## /m).slice(1)

  test('the tables of configuration.md have each option once, with the default and meaning of the code', () => {
    const expected = options.map((option) => cells([option.name, option.default, option.meaning]))
    expect(groups.flatMap((group) => rows(group).map(cells)).toSorted()).toEqual(expected.toSorted())
  })

  test('each group of configuration.md has a table, and names no option that the node does not have', () => {
    expect(groups.filter((group) => rows(group).length === 0)).toEqual([])
    const names = new Set<string>(options.map(({ name }) => name))
    const named = groups.flatMap(quoted).flatMap((text) => text.match(/\b[A-Z]{2,}(?:_[A-Z]+)+\b/g) ?? [])
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !names.has(name))).toEqual([])
  })
})

test('monitoring.md lists the metrics that a node exports, with their types and labels', async () => {
  const node = await startNode()
  const told = await (await fetch(`${node.opsUrl}/metrics`)).text()
  const labels = new Map(
    node.app.metrics.registry.getMetricsAsArray().map((metric) => [metric.name, labelsOf(metric).join(', ')]),
  )
  const expected = [...told.matchAll(/^# TYPE (signalbox_\w+) (\w+)$/gm)].map(
    ([, name = '', type = '']) => `${name} ${type} ${labels.get(name)}`,
  )
  const written = rows(marked(readDocument('docs/monitoring.md'), 'metrics')).map(
    ([name = '', type, labels = '']) => `${quoted(name)} ${type} ${quoted(labels).join(', ')}`,
  )
  expect(written).toEqual(expect.arrayContaining(expected))
  expect(expected).toEqual(expect.arrayContaining(written))
})

describe('the messages of log lines in monitoring.md', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('client'))
    .map((path) => readDocument(join('src', path)))
    .join('\n')
  const lines = rows(marked(readDocument('docs/monitoring.md'), 'log')).map(([level = '', message = '']) => ({
    level: level.replace(/.*, /, ''),
    messages: quoted(message),
  }))

  test('are strings of the code, names of events, or the line of Fastify', () => {
    const events = new Set([portal, exchanger, rooms].flatMap((dialect) => Object.keys(dialect)))
    const unknown = lines
      .flatMap(({ messages }) => messages)
      .filter((message) => !sources.includes(`'${message}`) && !events.has(message))
    expect(unknown).toEqual(['Server listening at'])
  })

  test('are complete, with their levels', () => {
    const logged = [...sources.matchAll(/log\.(fatal|error|warn|info)\(\s*(?:\{[^{}]*\},\s*)?'([^']+)'/g)]
    const refused = [...sources.matchAll(/refusals\.note\(.*?, '([^']+)'(?:, fault)?\)/g)]
    const all = [
      ...logged.map(([, level, text]) => ({ level, text })),
      ...refused.map(([, text]) => ({ level: 'info', text })),
    ]
    expect(all.length).toBeGreaterThan(25)
    const missing = all.filter(
      ({ level, text }) =>
        !lines.some((line) => line.level === level && line.messages.some((start) => text?.startsWith(start))),
    )
    expect(missing).toEqual([])
  })
})

/** Of an object, or of the first object among alternatives. */
function propertiesOf(schema: object): object {
  const { properties, anyOf = [] } = schema as { properties?: object; anyOf?: object[] }
  return properties ?? anyOf.map(propertiesOf).find((found) => Object.keys(found).length > 0) ?? {}
}

const fieldsOf = (credential: string) => Object.keys(decodeObject(credential)).sort()

function labelsOf(metric: object): unknown[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : []
}

test('README has at most 200 lines', () => {
  expect(readDocument('README.md').split('\n').length - 1).toBeLessThanOrEqual(200)
})

describe('the client', () => {
  const readme = readDocument('README.md')

  test("README's example is the file that a test runs, and has ten lines", () => {
    const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(marked(readme, 'sdk')) ?? []
    expect(example).toBe(readDocument('examples/sdk.ts'))
    expect(example.trimEnd().split('\n')).toHaveLength(10)
  })

  test("the transcript in README is the real program's: at most eight lines, each as examples/roam.ts prints it", () => {
    const [, transcript = ''] = /^```text\n(.*?)^```$/ms.exec(marked(readme, 'roam')) ?? []
    const lines = transcript.trimEnd().split('\n')
    const printed = printedBy(readDocument('examples/roam.ts'))
    const unknown = (texts: string[]) => texts.filter((line) => !printed.some((pattern) => pattern.test(line)))
    expect(lines.length).toBeGreaterThan(4)
    expect(lines.length).toBeLessThanOrEqual(8)
    expect(unknown(lines)).toEqual([])
    expect(unknown(['  1.000 s  alice logs in on a, bob on c', '  1.000 s  0 lost, 1 duplicated'])).toHaveLength(2)
  })

  test('docs/sdk.md has each option of a session and each of its events, and no others', () => {
    const sdk = readDocument('docs/sdk.md')
    const named = (heading: string) => rows(section(sdk, heading)).flatMap(([name = '']) => quoted(name))
    const [options, resume] = ['SessionOptions', 'ResumeOptions'].map((type) =>
      declaredFieldsOf('src/client/options.ts', type),
    )
    const documented = named('Options').map((name) => name.replace(/[.:].*/, ''))
    expect(sorted(documented)).toEqual(sorted([...(options ?? []), ...(resume ?? []), 'token']))
    expect(sorted(named('Events'))).toEqual(sorted(declaredFieldsOf('src/client/session-events.ts', 'SessionEvents')))
  })

  test('the sizes in the documents differ from the build by at most 2 %', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(root, 'scripts/build-client.mjs'),
      '--dry-run',
    ])
    const sizesIn = (text: string) => [...text.matchAll(/([\d.]+) kB(?! gzipped)/g)].map(([, size]) => Number(size))
    const [written, built] = [sizesIn(marked(readme, 'size')), sizesIn(stdout)]
    expect(built).toHaveLength(2)
    expect(
      written.map((size, index) => Math.abs(size / (built[index] ?? 0) - 1) < 0.02),
      stdout,
    ).toEqual([true, true])
  })
})

/** The fields of an object type, as a file of src declares it. */
function declaredFieldsOf(path: string, type: string): string[] {
  const [, body = ''] = new RegExp(`^export type ${type} = {$(.*?)^}$`, 'ms').exec(readDocument(path)) ?? []
  return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name ?? '')
}

/** Patterns of the lines that a program prints by `print`, each after the time in seconds. */
function printedBy(program: string): RegExp[] {
  return [...program.matchAll(/\bprint\(\s*([`'])(.+?)\1/gs)].map(([, , text = '']) => {
    const fixed = text.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^ +\\d+\\.\\d{3} s {2}${fixed.join('.+')}$`)
  })
}

describe('protocol', () => {
  const protocol = readDocument('docs/protocol.md')
  const dialects = readDocument('docs/dialects.md')

  test('protocol.md lists the error codes in their order, each with its message', () => {
    const expected = errorCodes.map((code) => {
      const [said, plain] = [messages[code]('…'), messages[code]('')]
      return cells([`\`${code}\``, said === '…' ? `\`…\` or \`${plain}\`` : `\`${said}\``])
    })
    expect(rows(marked(protocol, 'errors')).map(([code = '', message = '']) => cells([code, message]))).toEqual(
      expected,
    )
  })

  test('login tokens and tickets have the fields that the code writes', () => {
    const keys: Keyring = ['k']
    const claims = { room: 'room', user: 'user', role: 'role', made: 1 }
    const ticket = { participantId: 'p', roomName: 'room', ticketId: 't', notBefore: 1, notAfter: 2 }
    const fieldsIn = (heading: string) => rows(section(protocol, heading)).flatMap(([name = '']) => quoted(name))
    const target = { host: 'host:1', secure: true }
    expect(fieldsIn('Login tokens').sort()).toEqual(fieldsOf(writeToken(keys, claims, target, 2)))
    expect(fieldsIn('Reconnection tickets').sort()).toEqual(fieldsOf(writeTicket(keys, 'portal', ticket)))
  })

  test.each([
    ['login', portal.login.reply, protocol, /^- \*\*Ack\*\*: (`\{ id, user, role.+?`)/m],
    ['relogin', portal.relogin.reply, protocol, /^- \*\*Ack for the object\*\*: (`.+?`)/m],
    ['joinStream', exchanger.joinStream.reply, dialects, /^\| `joinStream .+? ack (`.+?`)/m],
    ['enter_room', rooms.enter_room.reply, dialects, /^\| `enter_room\(.+? ack (`.+?`)/m],
  ])('the ack of %s has the fields of its schema', (_event, reply, document, ack) => {
    const [, written = ''] = ack.exec(document) ?? []
    const fields = Object.keys(propertiesOf(reply))
    expect(fields.length).toBeGreaterThan(4)
    expect(fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(written))).toEqual([])
  })

  test('"After a refusal" names the codes after which the SDK starts a new session, and gets another token', () => {
    const named = rows(section(protocol, 'After a refusal')).map(([, codes = '']) => sorted(quoted(codes)))
    expect(named[0]).toEqual(sorted(errorCodes.filter(isFatalForSession)))
    expect(named[2]).toEqual(sorted(errorCodes.filter(isTokenRefusal)))
  })

  test('each request of the portal has a section, which names only existing error codes', () => {
    const text = section(protocol, 'Session verbs') + section(protocol, 'Portal requests')
    const headings = [...text.matchAll(/^### `(.+)`$/gm)].map(([, event]) => event ?? '')
    const events = [portal, portalV1, portalLegacy].flatMap((table) => Object.keys(table))
    expect(sorted(headings)).toEqual(sorted([...events, 'draining'])) // the one that goes the other way
    const wrong = [...text.matchAll(/^- \*\*Errors\*\*: (.+)$/gm)].flatMap(([, codes = '']) => quoted(codes))
    const codes = wrong.filter((code) => /^[a-z]+_[a-z_]+$/.test(code))
    expect(codes.length).toBeGreaterThan(30)
    expect(codes.filter((code) => !(errorCodes as readonly string[]).includes(code))).toEqual([])
  })
})

describe('Redis', () => {
  test('architecture.md lists the keys of keys.ts', () => {
    const texts = (keys: object, ...args: string[]) =>
      Object.values(keys).map((key) => (typeof key === 'string' ? key : key(...args)))
    const expected = [
      ...texts(roomKeys('sb'), 'R', '<id>'),
      ...texts(roomSizeKeys('sb'), '<id>'),
      ...texts(clusterKeys('sb'), '<node>'),
      ...texts(nonceKeys('sb'), '<id>'),
      keysOf('sb').answer('<key>', '<id>'),
    ]
    expect(expected).toHaveLength(Object.keys(keysOf('sb')).length)
    const written = rows(marked(readDocument('docs/architecture.md'), 'keys')).flatMap(([key = '']) => quoted(key))
    expect(written.toSorted()).toEqual(expected.toSorted())
  })

  test('a node checks its rights on each key and channel of keys.ts', () => {
    const texts = Object.values(keysOf('sb')).map((key) =>
      typeof key === 'string' ? key : (key as (...args: string[]) => string)('ID', 'ID'),
    )
    const patterns = texts.map((text) => new RegExp(`^${text.replace(/[{}]/g, '\\$&').replaceAll('ID', '[\\w/]+')}$`))
    const checked = neededRights(keysOf('sb'), 'sb').map(([, subject = '']) => subject)
    expect(patterns.filter((pattern) => !checked.some((subject) => pattern.test(subject)))).toEqual([])
  })

  test('the ACL in operations.md allows exactly the commands that scripts and code send', () => {
    const sources = (ending: string) =>
      readdirSync(join(root, 'src/state/redis'), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith(ending))
        .map((path) => readDocument(`src/state/redis/${path}`))
        .join('\n')
    const byScripts = [...sources('.lua').matchAll(/redis\.call\(\s*'(\w+)'/g)].map(([, name]) => name ?? '')
    const byCode = [...sources('.ts').matchAll(/\bclient\s*\.(\w+)\(/g)].map(([, name]) => name ?? '')
    const notSent = ['on', 'once', 'off', 'close', 'defineCommand', 'linkOf', 'addressOf', 'subscribeTo']
    const sent = [...byScripts, ...byCode].filter((name) => !notSent.includes(name)).map((name) => name.toLowerCase())
    // what ioredis and the Socket.IO adapter send by themselves
    const byPackages = ['hello', 'auth', 'select', 'info', 'client|setname', 'eval', 'evalsha', 'publish', 'quit']
    const subscriptions = ['', 's', 'p'].flatMap((kind) => [`${kind}subscribe`, `${kind}unsubscribe`])
    const rule = marked(readDocument('docs/operations.md'), 'acl')
    const allowed = [...rule.matchAll(/ \+(\S+)/g)].map(([, name]) => name ?? '')
    const needed = sorted([...sent, ...byPackages, ...subscriptions])
    expect(sorted(allowed)).toEqual(needed)
    // a node that lacks a right of the list is not ready; without these no connection is made, or nothing is lost
    const ofConnecting = ['hello', 'auth', 'select', 'client|setname', 'eval']
    const checked = neededRights(keysOf('sb'), 'sb').map(([command]) => command)
    expect(sorted([...checked, ...ofConnecting])).toEqual(needed)
  })
})

test('benchmarks.md lists the questions of the benchmark, with what they do and their figures', () => {
  const figuresOf = ({ figures }: Question) =>
    Object.entries(figures).map(([name, { unit, meaning }]) => `\`${name}\`${unit && ` (${unit})`}: ${meaning}`)
  const expected = questions.map((question) =>
    cells([`\`${question.name}\``, question.about, figuresOf(question).join('; ')]),
  )
  expect(rows(marked(readDocument('docs/benchmarks.md'), 'questions')).map(cells)).toEqual(expected)
})

describe('the documents', () => {
  const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: { [name: string]: string } }

  test('CONTRIBUTING lists the npm scripts, and documents name no other', () => {
    const named = [...all.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(
      ([, run, short]) => run ?? short ?? '',
    )
    const byHand = Object.keys(scripts).filter((name) => name !== 'prepack') // npm runs that one itself
    expect(sorted(named)).toEqual(sorted(byHand))
  })

  test('name only existing commands of signalbox', () => {
    const code = quoted(all).concat([...all.matchAll(/^(?:npx )?signalbox .+$/gm)].map(([line]) => line))
    const named = code.flatMap((text) => /^(?:npx )?signalbox (\w+)/.exec(text)?.[1] ?? [])
    expect(named.length).toBeGreaterThan(3)
    expect(sorted(named).filter((name) => !existsSync(join(root, `src/cli/commands/${name}.ts`)))).toEqual([])
  })

  test('name only existing files and folders', () => {
    const paths = quoted(all).filter((text) =>
      /^(src|test|docs|scripts|bench|examples|deploy|grafana|k8s)\/[\w./-]*$/.test(text),
    )
    expect(paths.length).toBeGreaterThan(10)
    const missing = sorted(paths).filter((path) => !existsSync(join(root, path)))
    expect(missing.filter((path) => !created(all).includes(path))).toEqual([])
  })

  test.each(documents)('the links of %s lead to existing files and headings', (path) => {
    const broken = links(readDocument(path)).filter((link) => !/^https?:/.test(link) && !leads(path, link))
    expect(broken).toEqual([])
  })
})

function leads(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const path = file === '' ? from : posix.join(dirname(from), file)
  if (!existsSync(join(root, path))) return false
  return anchor === undefined || anchors(readDocument(path)).includes(anchor)
}
