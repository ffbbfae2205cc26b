import { atNode, nodeUrls } from './nodes.js'
import { SignalboxError } from './sdk.js'

/** Requests a token for `user` and `room` from the first node that answers. Nodes that serve the demo issue tokens. */
export async function tokenFor(room, user) {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room, user }),
  }
  for (const url of nodeUrls()) {
    const answer = await fetch(atNode(url, 'tokens/'), { ...request, signal: AbortSignal.timeout(5000) }).catch(
      () => undefined,
    )
    if (answer?.ok) return answer.text()
  }
  throw new SignalboxError('unreachable', 'No node could be reached')
}
