import type { Socket } from 'socket.io'

/** The parts of Engine.IO that its types keep private: how a message reached the other side. */
type WebSocketLike = {
  ping(data: string): void
  on(event: 'pong', listener: (data: Buffer) => void): void
  off(event: 'pong', listener: (data: Buffer) => void): void
}
type TransportLike = {
  name: string
  socket?: WebSocketLike
  once(event: 'ready', listener: () => void): void
  off(event: 'ready', listener: () => void): void
}

let pings = 0

/**
 * Calls back when the client is known to have everything that was emitted up to now. WebSocket frames are ordered and
 * browsers answer protocol pings by themselves (RFC 6455 5.5.2), so the pong proves it; with long-polling the next poll
 * does, once the response is written. Not called when the connection is lost first.
 */
export function whenProven(socket: Socket, proven: () => void): void {
  const { conn } = socket
  const ask = () => {
    if (conn.readyState !== 'open') return
    const transport = conn.transport as unknown as TransportLike
    if (transport.name !== 'websocket' || !transport.socket) {
      askPolling(transport)
      return
    }
    const websocket = transport.socket
    const mark = `sb${++pings}`
    const listen = (data: Buffer) => {
      if (data.toString() !== mark) return
      websocket.off('pong', listen)
      proven()
    }
    websocket.on('pong', listen)
    websocket.ping(mark)
  }
  // a client that upgrades to WebSocket meanwhile polls no more: it is asked there instead
  const askPolling = (transport: TransportLike) => {
    const ready = () => {
      conn.off('upgrade', upgraded)
      proven()
    }
    const upgraded = () => {
      transport.off('ready', ready)
      ask()
    }
    transport.once('ready', ready)
    conn.once('upgrade', upgraded)
  }
  const { writeBuffer } = conn as unknown as { writeBuffer: unknown[] }
  if (writeBuffer.length === 0) ask()
  else conn.once('drain', ask)
}
