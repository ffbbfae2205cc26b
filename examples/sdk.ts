import { Portal } from 'signalbox/client'

const [url = 'http://127.0.0.1:8080', room = 'lobby', user = 'ann'] = process.argv.slice(2)
const portal = new Portal({ url })
portal.on('text', ({ from, message }) => console.log(`${from}: ${message}`))
portal.on('reconnected', ({ to, ms }) => console.log(`back on ${to.url} after ${ms} ms, nothing lost`))
await portal.login(async () => {
  const ask = { method: 'POST', headers: { 'content-type': 'application/json' } }
  const answer = await fetch(`${url}/tokens/`, { ...ask, body: JSON.stringify({ room, user, role: 'presenter' }) })
  return answer.text()
})
portal.once('text', () => portal.logout())
await portal.text('all', 'hello')
