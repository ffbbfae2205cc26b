import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Redis } from 'ioredis'
import { Server } from 'socket.io'

/**
 * The server that Signalbox is compared with: Socket.IO on @socket.io/redis-adapter. It forwards messages with an ack to
 * one client or to all, without sequence numbers, log, roster or recovery. It runs as a child process with REDIS_URL,
 * sends its port to the parent, and its CPU time on request.
 */
const url = process.env.REDIS_URL ?? ''
const http = createServer()
const io = new Server(http, { adapter: createAdapter(new Redis(url), new Redis(url)) })

io.on('connection', (socket) => {
  socket.on('login', (user: string, ack: (status: string, data: { id: string }) => void) => {
    socket.join(`user:${user}`)
    ack('ok', { id: user })
  })
  socket.on('text', ({ to, message }: { to: string; message: string }, ack: (status: string) => void) => {
    const receivers = to === 'all' ? io : io.to(`user:${to}`)
    receivers.emit('text', { to: 'me', message })
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
process.on('disconnect', () => process.exit())
