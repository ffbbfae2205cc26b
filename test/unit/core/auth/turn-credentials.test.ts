import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { iceServersFor } from '../../../../src/core/auth/turn-credentials.ts'

const servers = [{ urls: 'stun:stun.example:3478' }]
const turn = { urls: ['turn:turn.example:3478', 'turns:turn.example:5349'], secret: 'north', ttl: 3600 }
const now = 1_433_895_918_506

test('TURN credentials have the expiry in the username and are signed with the secret', () => {
  const credential = createHmac('sha1', 'north').update('1433899518:alice').digest('base64')
  expect(iceServersFor({ servers, turn }, 'alice', now)).toEqual([
    ...servers,
    { urls: turn.urls, username: '1433899518:alice', credential },
  ])
})

test('without TURN the servers are those of the configuration', () => {
  expect(iceServersFor({ servers }, 'alice', now)).toEqual(servers)
  expect(iceServersFor({ servers: [] }, 'alice', now)).toEqual([])
})

test.each(['a:b', 'Zoë 🎧', '\ud800', 'x'.repeat(1000), ''])('a user called %j gets a valid TURN username', (user) => {
  const [, entry] = iceServersFor({ servers, turn }, user, now)
  expect(entry?.username).toMatch(/^1433899518:[!-~]{0,128}$/)
  expect(entry?.username?.split(':')).toHaveLength(2)
})
