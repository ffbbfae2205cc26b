import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { commentsIn } from '../support/declarations.ts'
import { readDocument, root } from '../support/markdown.ts'
import { interfacesIn, nodesIn, parsed, type SourceFile, sourceFiles } from '../support/source-code.ts'

/** Private words that the glossary's terms have replaced: no identifier, comment, document or title of a test uses one again. */

/** No part of an identifier in camel case: `seatOf` fails, and so does `newSeat`. */
const retiredParts: { [word: string]: string } = {
  aboard: 'live',
  berth: 'connection, ConnectionInfo',
  crew: 'callbacks, UserPool',
  entrance: 'LoginFlow',
  forsaken: 'unrestored',
  haunted: 'suspects',
  heard: 'received',
  misspoke: 'protocolError',
  newcomer: 'participantMeta',
  oversee: 'administrative write',
  oversight: 'roster, media, nodes and nonces',
  passage: 'Migration',
  pilot: 'Reconnector',
  populated: 'occupancyMayHaveChanged',
  regain: 'restore',
  reseat: 'takeOver',
  retell: 'retry',
  seat: 'session',
  told: 'notified, notifications, sent',
  unheard: 'uncertain',
  unseat: 'endSession',
  untold: 'unreported',
  vouch: 'restore, SessionBackup',
  vouching: 'SessionRestore',
}

/** No identifier as a whole. As a part it may be right: `standingOrder`. */
const retiredIdentifiers: { [word: string]: string } = {
  asked: 'context',
  AskedAtEntry: 'LoginContext',
  Absent: 'Disconnections; Missing for a missing argument',
  Claim: 'UnansweredOpening',
  comeBack: 'rejoin',
  complaintOf: 'validationMessageOf',
  doubt: 'sent',
  Entering: 'LoginAttempt',
  firstUse: 'Nonces.claim',
  Flight: 'InFlight',
  Gate: 'Dispatcher',
  Ghosts: 'StaleSessions',
  Guest: 'Client',
  hear: 'onEntry, receive',
  hurry: 'retryNow',
  letGo: 'closedByUs',
  Lobby: 'OpenRoomList',
  lobby: 'openRoomList',
  Mark: 'DeliveryState',
  markOf: 'deliveryStateOf',
  noted: 'savedSeq',
  passedOnWords: 'signForwarded',
  Place: 'SessionRef',
  Places: 'SessionStore',
  plainWords: 'messages',
  proven: 'confirmed',
  proves: 'clientsCannotNameSeq',
  said: 'sent, appended',
  saysPassedOn: 'isForwarded',
  seek: 'start',
  standing: 'status, session',
  tellTales: 'credentialErrors',
  whenProven: 'onceDelivered',
  Who: 'ParticipantRef',
  Wire: 'PubSub',
}

/** Verbs that ports have lost. Elsewhere they are ordinary words: a promise is settled, a buffer is held. */
const retiredVerbs =
  'abandon arrive beat comeBack dead due forsaken held hold lay listen note onReset orphan reseat settle settled standing taken turn unlisten vouch yields'.split(
    ' ',
  )

/** Files that were named by these words. */
const retiredFiles =
  'absent asked ask backlog backlogs bearer complaint ending entering entrance flight flood front gate ghosts guess guest neighbours newcomer once pace passage passed-on pilot places private-redis proof refusals seats sources turn-away vouching words'.split(
    ' ',
  )

/** Words of the virtual users of the load test. */
const retiredOfLoad = 'Person Letter Texter Caller Tap Told Mistake'.split(' ')

/** Names of the protocol, of Redis and of libraries, which are older than the terms. */
const kept: { [word: string]: string[] } = {
  doubt: ['src/state/redis/handover.ts'], // JSON between nodes
  lobby: ['demo/js/main.js'], // the page before a room
  Lobby: ['demo/js/main.js', 'demo/js/lobby.js'],
}

const normal = (name: string) => name.replace(/^#/, '')

/** `newSeatOf` → new, seat, of */
const partsOf = (name: string) =>
  normal(name)
    .split(/(?<=[a-z\d])(?=[A-Z])|_/)
    .map((part) => part.toLowerCase())

function identifiersIn({ tree }: SourceFile): string[] {
  return [...nodesIn(tree)].flatMap((node) =>
    ts.isIdentifier(node) || ts.isPrivateIdentifier(node) ? [node.text] : [],
  )
}

/** The retired word in an identifier, singular or plural. */
function retiredIn(name: string): string | undefined {
  if (Object.hasOwn(retiredIdentifiers, normal(name))) return normal(name)
  return partsOf(name).find(
    (part) => Object.hasOwn(retiredParts, part) || Object.hasOwn(retiredParts, part.replace(/s$/, '')),
  )
}

function privateIdentifiers(files: SourceFile[]): string[] {
  const found = files.flatMap((file) =>
    identifiersIn(file).flatMap((name) => {
      const word = retiredIn(name)
      if (word === undefined || kept[word]?.includes(file.path)) return []
      return [
        `${file.path} ${name}: write ${retiredIdentifiers[word] ?? retiredParts[word] ?? retiredParts[word.replace(/s$/, '')]}`,
      ]
    }),
  )
  return [...new Set(found)]
}

const privateVerbs = (files: SourceFile[]) =>
  files
    .filter(({ path }) => path.startsWith('src/core/ports/'))
    .flatMap((file) =>
      interfacesIn(file).flatMap(({ name, verbs }) =>
        verbs.filter((verb) => retiredVerbs.includes(verb)).map((verb) => `${name}.${verb}`),
      ),
    )

const privateFiles = (paths: string[]) =>
  paths.filter((path) => retiredFiles.includes(path.split('/').at(-1)?.split('.')[0] ?? ''))

/** In prose, these words have no ordinary sense that this project needs. `vouched` is a field of Redis. */
const privateWord =
  /(?<![`\w-])(seat(?:s|ed)?|(?:re|un)seat\w*|berths?|pilots?|crews?|vouch(?:es|ing)?|haunted|forsaken|aboard|newcomers?|misspoke|untold|unheard|regain\w*|passages?|entrances?)\b/gi

const privateWordsIn = (path: string, text: string): string[] =>
  [...text.matchAll(privateWord)].map(([, word]) => `${path}: ${word}`)

/** A sentence names the client, participant, node or operator instead. */
const impersonalWord = /\b(?:some|any|no)body\b|\bwhoever\b|\bthose who\b/gi

const impersonalWordsIn = (path: string, text: string): string[] =>
  [...text.matchAll(impersonalWord)].map(([word]) => `${path}: ${word}`)

/** The titles of the tests and groups of a file. */
function titlesIn({ tree }: SourceFile): string[] {
  return [...nodesIn(tree)].flatMap((node) => {
    if (!ts.isCallExpression(node) || !/^(?:test|it|describe)\b/.test(node.expression.getText(tree))) return []
    const [title] = node.arguments
    return title && ts.isStringLiteralLike(title) ? [title.text] : []
  })
}

const src = sourceFiles('src')
const load = sourceFiles('test/load')
const filesIn = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`)
const scripts = filesIn('demo')
  .filter((path) => path.endsWith('.js'))
  .map((path) => parsed(path, readDocument(path)))
const lua = filesIn('src').filter((path) => path.endsWith('.lua'))
const documents = ['README.md', 'CONTRIBUTING.md', ...filesIn('docs'), ...filesIn('demo')].filter((path) =>
  /\.(?:md|html)$/.test(path),
)

describe('no private word is left', () => {
  test('as an identifier of src and of the demo', () => {
    expect(src.length).toBeGreaterThan(200)
    expect(scripts.length).toBeGreaterThan(5)
    expect(privateIdentifiers([...src, ...scripts])).toEqual([])
  })

  test('as a verb of a port', () => {
    expect(privateVerbs(src)).toEqual([])
  })

  test('as an identifier of the load test', () => {
    const names = load.flatMap((file) => identifiersIn(file).map((name) => `${file.path} ${name}`))
    expect(names.filter((name) => retiredOfLoad.includes(name.split(' ')[1] ?? ''))).toEqual([])
  })

  test('as the name of a file', () => {
    expect(privateFiles(['src', 'demo', 'test/unit'].flatMap(filesIn))).toEqual([])
  })

  test('in a comment of src and of the demo, or in a script of Lua', () => {
    const comments = [...src, ...scripts].flatMap(({ path, text }) =>
      privateWordsIn(path, commentsIn(path, text).join('\n')),
    )
    expect([...comments, ...lua.flatMap((path) => privateWordsIn(path, readDocument(path)))]).toEqual([])
  })

  test('in a document or a page of the demo', () => {
    expect(documents.length).toBeGreaterThan(15)
    expect(documents.flatMap((path) => privateWordsIn(path, readDocument(path)))).toEqual([])
  })

  test('in a manifest, a configuration of deploy, an alert or a dashboard, and no impersonal word either', () => {
    const files = ['deploy', 'k8s', 'grafana'].flatMap(filesIn).filter((path) => /\.\w+$|Dockerfile$/.test(path))
    expect(files.length).toBeGreaterThan(35)
    const texts = files.map((path) => [path, readDocument(path).replace('user: nobody:nogroup', '')] as const)
    expect(texts.flatMap(([path, text]) => [...privateWordsIn(path, text), ...impersonalWordsIn(path, text)])).toEqual(
      [],
    )
  })

  test('in the title of a test', () => {
    const titles = sourceFiles('test').filter(
      ({ path }) => path.endsWith('.test.ts') && !path.endsWith('/vocabulary.test.ts'),
    )
    expect(titles.flatMap((file) => privateWordsIn(file.path, titlesIn(file).join('\n')))).toEqual([])
  })
})

describe('the checks', () => {
  const file = (text: string, path = 'src/a.ts') => [parsed(path, text)]

  test.each([
    'const newSeat = 1',
    'class A {\n  #pilot = 1\n}',
    'type Place = 1',
    'function seatsOf() {}',
    'const a = { standing: 1 }',
    'x.asked()',
    'const { said } = a',
  ])('an identifier that is a retired word or has one as a part fails: %j', (text) => {
    expect(privateIdentifiers(file(text))).toHaveLength(1)
  })

  test.each(['const seating = 1', 'placeholder()', 'const text = "seat"', 'type PlaceName = 1', 'const entry = 1'])(
    'an identifier that only looks like a retired word passes: %j',
    (text) => {
      expect(privateIdentifiers(file(text))).toEqual([])
    },
  )

  test('a name of Redis passes in the file that reads it, and fails in others', () => {
    expect(privateIdentifiers(file('x.doubt', 'src/state/redis/handover.ts'))).toEqual([])
    expect(privateIdentifiers(file('x.doubt'))).toHaveLength(1)
  })

  test('a retired verb fails as a method of a port, and passes as one of another interface', () => {
    const text = 'export interface A {\n  settle(): void\n}'
    expect(privateVerbs(file(text, 'src/core/ports/a.ts'))).toEqual(['A.settle'])
    expect(privateVerbs(file(text))).toEqual([])
  })

  test('a file with a retired name fails', () => {
    expect(
      privateFiles(['src/client/pilot.ts', 'test/unit/client/pilot.test.ts', 'src/client/pilots-guide.ts']),
    ).toEqual(['src/client/pilot.ts', 'test/unit/client/pilot.test.ts'])
  })

  test('a retired word in prose fails; a field of Redis, and a name in backticks, pass', () => {
    expect(privateWordsIn('a.md', 'A newcomer takes the seat.')).toEqual(['a.md: newcomer', 'a.md: seat'])
    expect(privateWordsIn('a.md', 'The field vouched, the key `seat`, a seating plan.')).toEqual([])
  })

  test('an impersonal word fails; the name of an alert passes', () => {
    const text = 'Nobody logs in. Those who wait resume. SignalboxNobodyLogsIn, #signalboxnobodylogsin'
    expect(impersonalWordsIn('a.yml', text)).toEqual(['a.yml: Nobody', 'a.yml: Those who'])
  })

  test('titles are read from tests, groups and tables of tests', () => {
    const text = "describe('a', () => {\n  test('b', run)\n  test.each([1])('c %s', run)\n  other('d')\n})"
    expect(titlesIn(parsed('a.test.ts', text))).toEqual(['a', 'b', 'c %s'])
  })
})
