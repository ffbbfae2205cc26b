import { createServer } from 'node:http'
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

/**
 * A peer of Signalbox: Socket.IO on an adapter of @socket.io/redis-adapter, the classic or the sharded one. Clients join
 * rooms, and receive logins and messages of the others, with acks. It has no tokens, roster, log, sequence numbers or
 * sessions. It runs as a child process with REDIS_URL and ADAPTER, sends its port to the parent, and its CPU time on request.
 */
const url = process.env.REDIS_URL ?? ''
const [publisher, subscriber] = [new Redis(url), new Redis(url)]
const adapter =
  process.env.ADAPTER === 'sharded' ? createShardedAdapter(publisher, subscriber) : createAdapter(publisher, subscriber)
const http = createServer()
const io = new Server(http, { adapter, maxHttpBufferSize: 4 * 2 ** 20 })

type Login = { room: string; user: string }
type Text = { to: string; message: string }

io.on('connection', (socket) => {
  let room = ''
  socket.on('login', async (login: Login, ack: (status: string, data: { id: string }) => void) => {
    room = `room:${login.room}`
    const id = login.user
    await socket.join([room, `user:${id}`])
    socket.to(room).emit('participant', { action: 'join', data: { id, user: id, role: 'presenter' } })
    ack('ok', { id })
  })
  socket.on('text', ({ to, message }: Text, ack: (status: string) => void) => {
    const receivers = to === 'all' ? room : `user:${to}`
    io.to(receivers).emit('text', { to: to === 'all' ? 'all' : 'me', message })
    ack('ok')
  })
})

http.listen(0, '127.0.0.1', () => {
  const address = http.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: (user + system) / 1e6 })
})
// a profile is written only when the process exits by itself
for (const event of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(event, () => process.exit())
