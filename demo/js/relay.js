/** Whether the address of the page asks for calls through a relay only: `?relay`. */
export const relayAsked = () => new URLSearchParams(location.search).has('relay')

/** @param iceServers RTCIceServer[] */
export const hasRelay = (iceServers = []) =>
  iceServers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/.test(url)))

export const noRelay =
  'This server has no relay, so that nobody can be seen or heard without learning your address. You can read and write.'
