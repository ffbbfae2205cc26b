import { Rooms } from 'signalbox/client'

const [url = 'http://127.0.0.1:8080', nickname = 'ann'] = process.argv.slice(2)
const rooms = new Rooms({ url })
rooms.on('welcome', (who) => rooms.say(`hello ${who}`))
rooms.on('new_message', (text, meta) => console.log(`${meta.nickname}: ${text}`))
rooms.on('reconnected', ({ to, ms }) => console.log(`back on ${to.url} after ${ms} ms, nothing lost`))
rooms.on('bye', () => rooms.leave())
await rooms.nickname(nickname)
await rooms.enter('lobby')
