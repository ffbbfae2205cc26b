import { setTimeout as pause } from 'node:timers/promises'
import type { Attacker } from './attacker.ts'
import { closed, connected, keepAlive } from './connection.ts'

const attachmentBytes = 4_000_000
/** The maximum of Socket.IO's parser. The last attachment is never sent. */
const attachments = 10
/** How long the attacker keeps connections open that the node does not close, ms. */
const disconnectTimeoutMs = 15_000

/** Events that announce ten attachments of 4 MB, of which nine are sent. Resolves to how many connections the node closed. */
export const halfSentAttachments = ({ connections }: { connections: number }): Attacker<number> => ({
  name: `half-sent attachments on ${connections} connections, ${attachments - 1} × 4 MB each`,
  refusals: ['client_memory'],
  start: async (target) => {
    const sockets = await Promise.all(Array.from({ length: connections }, () => connected(target)))
    const placeholders = Array.from({ length: attachments }, (_, num) => ({ _placeholder: true, num }))
    const attachment = Buffer.alloc(attachmentBytes)
    let ended = 0
    const all = sockets.map((socket) => closed(socket).then(() => (ended += 1)))
    for (const socket of sockets) {
      keepAlive(socket)
      socket.send(`45${attachments}-${JSON.stringify(['text', ...placeholders])}`)
      for (let sent = 1; sent < attachments; sent += 1) socket.send(attachment)
    }
    await Promise.race([Promise.all(all), pause(disconnectTimeoutMs)])
    const closedByNode = ended
    for (const socket of sockets) socket.terminate()
    return closedByNode
  },
})
