/** Rooms as OWT's REST client and its tests write them (docs/owt.md#roles-and-room-settings). */

const all = { audio: true, video: true }
export const presenter = { role: 'presenter', publish: all, subscribe: all }
export const viewer = { role: 'viewer', publish: { audio: false, video: false }, subscribe: all }

const quarter = { left: '1/2', top: '1/2', width: '1/2', height: '1/2' }
const layout = {
  fitPolicy: 'crop',
  templates: { base: 'lecture', custom: [{ region: [{ id: '1', shape: 'rectangle', area: quarter }] }] },
}

export const viewAudio = { format: { codec: 'opus', sampleRate: 48_000, channelNum: 2 }, vad: true }
export const viewVideo = {
  format: { codec: 'h264', profile: 'CB' },
  parameters: { resolution: { width: 640, height: 480 }, framerate: 24, bitrate: 500, keyFrameInterval: 100 },
  maxInput: 16,
  motionFactor: 0.8,
  bgColor: { r: 250, g: 160, b: 0 },
  keepActiveInputPrimary: true,
  layout,
}

const audioFormats = [
  { codec: 'opus', sampleRate: 48_000, channelNum: 2 },
  { codec: 'isac', sampleRate: '16000' },
  { codec: 'pcmu' },
]
const videoFormats = [{ codec: 'h264', profile: 'M' }, { codec: 'h265' }, { codec: 'vp9' }]
export const mediaIn = { audio: audioFormats, video: videoFormats }
const videoOut = { resolution: ['x3/4', 'hd720p'], framerate: [6, 60], bitrate: ['x0.8', 500], keyFrameInterval: [100] }
export const mediaOut = { audio: audioFormats, video: { format: videoFormats, parameters: videoOut } }
const transcoded = { resolution: true, framerate: true, bitrate: false, keyFrameInterval: true }
export const transcoding = { audio: true, video: { format: true, parameters: transcoded } }
export const sip = { sipServer: 'sip.example', username: 'user', password: 'word' }
export const notifying = { participantActivities: true, streamChange: false }

/** A room with all settings of OWT. */
export const wholeRoom = {
  participantLimit: 10,
  inputLimit: 4,
  roles: [presenter, viewer],
  views: [{ label: 'common', audio: viewAudio, video: viewVideo }],
  mediaIn,
  mediaOut,
  transcoding,
  notifying,
  sip,
  selectActiveAudio: false,
  enableBandwidthAdaptation: false,
}
