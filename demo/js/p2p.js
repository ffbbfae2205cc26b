import { byId } from './element.js'
import { clearErrorsOnInput, showError, submit } from './form-errors.js'
import { nameError, sentenceOf } from './messages.js'
import { nodeName, nodeUrls } from './nodes.js'
import { notice } from './notices.js'
import { P2pSignaling } from './p2p-signaling.js'
import { SingleCall, showConnection } from './single-call.js'
import { forBrowser } from './storage.js'

const [nickname, callee] = [byId('nickname'), byId('whom')]
let signaling
let call

nickname.value = forBrowser.get('nickname') ?? ''
clearErrorsOnInput(nickname, callee)
byId('start-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const name = nickname.value.trim()
  if (showError(nickname, nameError(name, 'Your name', 64))) return nickname.focus()
  forBrowser.set('nickname', name)
  submit(byId('enter'), byId('enter-problem'), 'Connecting…', () => open(name))
})
byId('call-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const other = callee.value.trim()
  const error = other === signaling.uid ? 'That is you.' : nameError(other, 'The name', 64)
  if (showError(callee, error)) return callee.focus()
  submit(byId('call'), byId('whom-problem'), 'Calling…', () => signaling.call(other))
})
addEventListener('pagehide', () => leave())

async function open(name) {
  const newSignaling = new P2pSignaling(name, {
    up: (connection) => showConnection('connected', `Node ${nodeName(connection)}`),
    down: () => showConnection('connecting', 'Reconnecting…'),
    refused: (error) => {
      leave()
      notice(sentenceOf(error))
    },
    takenOver: () => {
      leave()
      notice('You connected under this name from another page or device.')
    },
  })
  await newSignaling.open(nodeUrls())
  signaling = newSignaling
  const withMedia = byId('with-media').checked
  const { channel, uid: id } = signaling
  call = new SingleCall({ channel, id, name, title: `Reachable as ${name}`, withMedia, onLeave: leave })
  call.mesh.on('peer', (other) => call.tiles.add(other, other))
  call.mesh.on('gone', (other) => call?.tiles.drop(other))
  call.mesh.start()
  callee.focus()
}

function leave() {
  if (!call) return
  const others = [...call.mesh.connections.keys()]
  call.end()
  call = undefined
  signaling.close(others)
}
