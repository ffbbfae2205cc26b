/** Whether the page's address has `?relay`: calls through a relay only. */
export const relayRequested = () => new URLSearchParams(location.search).has('relay')

/** @param iceServers RTCIceServer[] */
export const hasRelay = (iceServers = []) =>
  iceServers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)))

export const noRelayText =
  'This server has no relay. Audio and video would reveal your address, so they stay off. You can read and write.'
