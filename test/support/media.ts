import type { Client } from './client.ts'

/** The transport of clients that connect to each other. */
export const mesh = { type: 'mesh' }

/** The media that the tests publish: a microphone and a camera. */
export const both = {
  tracks: [
    { type: 'audio' as const, mid: '0', source: 'mic' as const },
    { type: 'video' as const, mid: '1', source: 'camera' as const },
  ],
}

/** Publishes microphone and camera, and takes the publisher's notifications of that. */
export async function publishBoth(client: Client, attributes?: { [name: string]: unknown }): Promise<string> {
  const { id } = await client.ask('publish', { media: both, transport: mesh, ...(attributes ? { attributes } : {}) })
  await client.next('progress')
  await client.next('stream')
  return id
}

/** Subscribes to all tracks of a stream. */
export async function subscribeBoth(client: Client, stream: string): Promise<string> {
  const tracks = both.tracks.map(({ type, mid }) => ({ type, mid, from: stream }))
  return (await client.ask('subscribe', { media: { tracks }, transport: mesh })).id
}

const formats = { audio: { codec: 'opus', sampleRate: 48000, channelNum: 2 }, video: { codec: 'vp8' } }

/** How `both` is listed in every protocol (docs/protocol.md#protocol-versions). */
export function listed(protocol: '1.0' | '1.1' | '1.2', id: string, owner: string, attributes?: object) {
  const status = 'active'
  const rest = {
    id,
    type: 'forward',
    data: false,
    info: { owner, type: 'webrtc', inViews: [], ...(attributes ? { attributes } : {}) },
  }
  const audio = { status, source: 'mic', optional: {}, format: formats.audio }
  const video = { status, source: 'camera', optional: {} }
  switch (protocol) {
    case '1.0':
      return { ...rest, media: { audio, video: { ...video, format: formats.video } } }
    case '1.1':
      return { ...rest, media: { audio, video: { ...video, original: [{ format: formats.video }] } } }
    case '1.2': {
      const tracks = [
        { ...audio, id: `${id}-0`, type: 'audio', mid: '0' },
        { ...video, id: `${id}-1`, type: 'video', mid: '1', format: formats.video },
      ]
      return { ...rest, media: { tracks } }
    }
  }
}
