import { byId } from './element.js'
import { complain, forgive, submit } from './form-errors.js'
import { complaintAboutName, sentenceOf } from './messages.js'
import { nodeName, nodeUrls } from './nodes.js'
import { notice } from './notices.js'
import { P2pLine } from './p2p-signaling.js'
import { SmallCall, sayWhere } from './single-call.js'
import { forBrowser } from './storage.js'

const [nickname, whom] = [byId('nickname'), byId('whom')]
let line
let call

nickname.value = forBrowser.get('nickname') ?? ''
forgive(nickname, whom)
byId('start-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const name = nickname.value.trim()
  if (complain(nickname, complaintAboutName(name, 'Your name', 64))) return nickname.focus()
  forBrowser.set('nickname', name)
  submit(byId('enter'), byId('enter-problem'), 'Connecting…', () => open(name))
})
byId('call-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const other = whom.value.trim()
  const complaint = other === line.uid ? 'That is you.' : complaintAboutName(other, 'The name', 64)
  if (complain(whom, complaint)) return whom.focus()
  submit(byId('call'), byId('whom-problem'), 'Calling…', () => line.call(other))
})
addEventListener('pagehide', () => leave())

async function open(name) {
  const opened = new P2pLine(name, {
    up: (connection) => sayWhere('connected', `Node ${nodeName(connection)}`),
    down: () => sayWhere('connecting', 'Reconnecting…'),
    refused: (error) => {
      leave()
      notice(sentenceOf(error))
    },
    displaced: () => {
      leave()
      notice('You are here under this name from somewhere else now.')
    },
  })
  await opened.open(nodeUrls())
  line = opened
  const withMedia = byId('with-media').checked
  const { channel, uid: id } = line
  call = new SmallCall({ channel, id, name, title: `Reachable as ${name}`, withMedia, left: leave })
  call.mesh.on('peer', (other) => call.tiles.add(other, other))
  call.mesh.on('gone', (other) => call?.tiles.drop(other))
  call.mesh.start()
  whom.focus()
}

function leave() {
  if (!call) return
  const others = [...call.mesh.connections.keys()]
  call.end()
  call = undefined
  line.close(others)
}
