/** The audio and the video of protocol 1.0 and 1.1 (`false`: none) as tracks with the mids '0' and '1'. */
export function tracksOf<A extends object, V extends object>(media: {
  audio: A | false
  video: V | false
}): ((A & { type: 'audio'; mid: string }) | (V & { type: 'video'; mid: string }))[] {
  const { audio, video } = media
  return [
    ...(audio ? [{ ...audio, type: 'audio' as const, mid: '0' }] : []),
    ...(video ? [{ ...video, type: 'video' as const, mid: audio ? '1' : '0' }] : []),
  ]
}
