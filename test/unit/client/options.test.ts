import { describe, expect, test } from 'vitest'
import { BackOff, Exchanger, Mesh, OwtSignaling, Portal, Rooms } from '../../../src/client/index.ts'
import { settingsOf } from '../../../src/client/settings.ts'

type Make = (options: unknown) => unknown
const classes: { [name: string]: Make } = {
  Rooms: (options) => new Rooms(options as never),
  Exchanger: (options) => new Exchanger(options as never),
  Portal: (options) => new Portal(options as never),
}
const url = 'https://host'

/** The message of the TypeError. */
function complaint(make: () => unknown): string {
  try {
    make()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as Error).message
  }
  return 'none'
}

describe.each(Object.entries(classes))('%s', (_name, make) => {
  test.each<[unknown, string]>([
    [undefined, 'The options are undefined'],
    ['https://host', 'The options are "https://host"'],
    [null, 'The options are null'],
    [{}, 'url: is missing'],
    [{ url: [] }, 'url: the list is empty'],
    [{ url: null }, 'url: null is not a valid URL'],
    [{ url: 8080 }, 'url: 8080 is not a valid URL'],
    [{ url: ['https://host', 'elsewhere'] }, 'url: "elsewhere" is not a valid URL'],
    [{ url, path: 'socket.io' }, 'path: "socket.io" is not a path'],
    [{ url, path: '/a?b' }, 'path: "/a?b" is not a path'],
    [{ url, transports: [] }, 'transports: [] is not a list'],
    [{ url, transports: 'websocket' }, 'transports: "websocket" is not a list'],
    [{ url, transports: ['webtransport'] }, 'transports: ["webtransport"] is not a list'],
    [{ url, backOff: { baseMs: -1, capMs: 10 } }, 'has a baseMs that is not a number of milliseconds above 0'],
    [{ url, backOff: { baseMs: 100 } }, 'has a capMs that is not a number of milliseconds above 0'],
    [{ url, loginTimeoutMs: -1 }, 'loginTimeoutMs: -1 is not a number of milliseconds above 0'],
    [{ url, loginTimeoutMs: Number.NaN }, 'loginTimeoutMs: '],
    [{ url, attemptTimeoutMs: 0 }, 'attemptTimeoutMs: 0 is not a number'],
    [{ url, attemptTimeoutMs: '8000' }, 'attemptTimeoutMs: "8000" is not a number'],
    [{ url, attemptTimeoutMs: 2 ** 31 }, 'attemptTimeoutMs: 2147483648 is not a number'],
    [
      { url, rateLimit: { perSecond: 0, burst: 10 } },
      'rateLimit: {"perSecond":0,"burst":10} has a perSecond that is not a number above 0',
    ],
    [{ url, rateLimit: { perSecond: 10, burst: 0.5 } }, 'has a burst that is not a number of 1 or more'],
    [{ url, token: 42 }, 'token: 42 is neither a string nor a function'],
    [{ url, parts: null }, 'parts: null is not an object'],
  ])('the options %j are refused with a TypeError at once', (options, messages) => {
    expect(complaint(() => make(options))).toContain(messages)
  })

  test('the TypeError names everything that is wrong', () => {
    const message = complaint(() => make({ url: '', transports: ['udp'], loginTimeoutMs: -1 }))
    expect(message.split('; ')).toHaveLength(3)
  })

  test('an option that is undefined counts as unset', () => {
    make({ url, path: undefined, transports: undefined, token: undefined })
  })
})

test('OwtSignaling needs no url, and refuses the same mistakes', async () => {
  new OwtSignaling()
  expect(complaint(() => new OwtSignaling({ url: 'elsewhere' }))).toContain('is not a valid URL')
  expect(complaint(() => new OwtSignaling({ loginTimeoutMs: -1 }))).toContain('loginTimeoutMs')
  await expect(new OwtSignaling().connect('http-gateway.example bad', true, {})).rejects.toThrow(TypeError)
})

test('Mesh and BackOff refuse invalid arguments', () => {
  expect(complaint(() => new Mesh(undefined as never))).toContain('rooms.channel')
  const { channel } = new Rooms({ url })
  expect(complaint(() => new Mesh(channel, { iceTransportPolicy: 'turn' as never }))).toContain('neither all nor relay')
  expect(complaint(() => new Mesh(channel, { iceServers: {} as never }))).toContain('is not a list')
  expect(complaint(() => new BackOff({} as never, Math.random))).toContain('backOff: {} has a baseMs')
})

test('a URL object is a valid address', () => {
  expect(settingsOf({ url: new URL('https://host/signal') as never }).urls).toEqual(['https://host/signal'])
})
