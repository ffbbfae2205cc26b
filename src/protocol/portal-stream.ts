import type { Stream, Track } from '../core/model.ts'

/** The formats that clients expect of a track. In a mesh call the two clients negotiate the real ones. */
const formats = {
  audio: { codec: 'opus', sampleRate: 48000, channelNum: 2 },
  video: { codec: 'vp8' },
}

/** A stream as protocol 1.2 lists it (docs/owt.md#join-result). */
export function streamInfo({ id, owner, tracks, data, attributes }: Stream) {
  return {
    id,
    type: 'forward',
    media: { tracks: tracks.map(trackInfo) },
    data,
    info: { owner, type: 'webrtc', inViews: [], ...(attributes ? { attributes } : {}) },
  }
}

function trackInfo({ id, type, mid, source, status }: Track) {
  return { id, type, ...(source === undefined ? {} : { source }), format: formats[type], optional: {}, status, mid }
}

/** Protocol 1.1: the first audio and the first video, with their formats in `original`. */
export function streamInfoV11(stream: Stream) {
  const [audio, video] = [first(stream, 'audio'), first(stream, 'video')]
  return {
    ...streamInfo(stream),
    media: {
      ...(audio ? { audio: { ...audio, format: formats.audio, optional: {} } } : {}),
      ...(video ? { video: { ...video, original: [{ format: formats.video }], optional: {} } } : {}),
    },
  }
}

/** Protocol 1.0: with their formats in `format`. */
export function streamInfoV10(stream: Stream) {
  const [audio, video] = [first(stream, 'audio'), first(stream, 'video')]
  return {
    ...streamInfo(stream),
    media: {
      ...(audio ? { audio: { ...audio, format: formats.audio, optional: {} } } : {}),
      ...(video ? { video: { ...video, format: formats.video, optional: {} } } : {}),
    },
  }
}

function first({ tracks }: Stream, type: Track['type']) {
  const track = tracks.find((track) => track.type === type)
  return track && { status: track.status, ...(track.source === undefined ? {} : { source: track.source }) }
}
