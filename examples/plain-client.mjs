import { io } from 'socket.io-client'

const [url = 'http://127.0.0.1:8080', nickname = 'ann'] = process.argv.slice(2)
const socket = io(`${url}/rooms`, { transports: ['websocket'], auth: { seq: true } })
const unanswered = new Map() // rid → sends the request
let ticket // undefined: there is no session
let seq = 0
let rid = 0

socket.on('connect', () => (ticket ? resume() : enter()))

function enter() {
  socket.emit('nickname', nickname)
  socket.emit('enter_room', 'lobby', (status, answer, detail) => {
    if (status !== 'ok') return console.log(`refused: ${detail.code}`)
    ticket = answer.ticket
    seq = answer.seq
  })
}

function resume() {
  socket.emit('relogin', { ticket, seq }, (status, answer) => {
    if (status !== 'ok') {
      ticket = undefined // a new session; see "After a refusal" for the codes after which the old one continues
      return unanswered.clear()
    }
    ticket = answer.ticket
    seq = answer.seq
    console.log(answer.complete ? 'back, nothing lost' : `back, messages were lost: ${JSON.stringify(answer.room)}`)
    for (const send of unanswered.values()) send()
  })
}

function request(event, ...data) {
  rid += 1
  const id = rid
  const send = () =>
    socket.emit(event, ...data, { rid: id }, (status, _message, detail) => {
      unanswered.delete(id)
      if (status !== 'ok') console.log(`${event} refused: ${detail.code}`)
    })
  unanswered.set(id, send)
  if (socket.connected) send()
}

socket.onAny((_event, ...args) => {
  const meta = args.at(-1)
  if (Number.isInteger(meta?.seq)) seq = Math.max(seq, meta.seq)
})

// Socket.IO reconnects by itself unless the server disconnected this client
let isLeaving = false
socket.on('drop', () => leave())
socket.on('disconnect', (reason) => {
  if (reason === 'io server disconnect' && !isLeaving) setTimeout(() => socket.connect(), 1000)
})

const refreshing = setInterval(() => {
  if (!ticket || !socket.connected) return
  socket.emit('refreshReconnectionTicket', (status, fresh) => {
    if (status === 'ok') ticket = fresh
  })
}, 240_000) // TICKET_TTL is 600 s

socket.on('welcome', (who) => request('new_message', `hello ${who}`))
socket.on('new_message', (text, meta) => console.log(`${meta.nickname}: ${text}`))
socket.on('bye', () => leave())

function leave() {
  isLeaving = true
  clearInterval(refreshing)
  socket.emit('leave_room', () => socket.disconnect())
}
