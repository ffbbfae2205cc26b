import { expect, test, vi } from 'vitest'
import { Mesh } from '../../../src/client/index.ts'
import { marked, readDocument } from '../../support/markdown.ts'
import { FakePeerConnection } from './fake-peer-connection.ts'
import { Room, track } from './mesh-room.ts'

test("README's four lines for a call connect both participants", async () => {
  const [, lines = ''] = /^```ts\n(.*?)^```$/ms.exec(marked(readDocument('README.md'), 'mesh')) ?? []
  expect(lines.trimEnd().split('\n')).toHaveLength(4)
  vi.stubGlobal('RTCPeerConnection', FakePeerConnection)
  const room = new Room()
  const [ann, bob] = [room.enter('ann'), room.enter('bob')]
  bob.mesh.addTrack(track('cam of bob'))
  bob.mesh.start()
  const show = vi.fn()
  const media = { getTracks: () => [track('cam of ann')] }
  new Function('Mesh', 'rooms', 'media', 'show', lines)(Mesh, ann, media, show)
  await room.settle()
  vi.unstubAllGlobals()
  expect(bob.tracks).toEqual(['cam of ann of ann'])
  expect(show.mock.calls.map(([from]) => from)).toEqual(['bob'])
})
