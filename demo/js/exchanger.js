import { byId } from './element.js'
import { clearErrorsOnInput, showError, submit } from './form-errors.js'
import { nameError, retryProblemOf, sentenceOf, wasRestarted } from './messages.js'
import { nodeName, nodeOptions } from './nodes.js'
import { notice } from './notices.js'
import { Exchanger } from './sdk.js'
import { SingleCall, showConnection } from './single-call.js'
import { forBrowser } from './storage.js'
import { tokenFor } from './token.js'

const [nickname, channel] = [byId('nickname'), byId('channel')]
nickname.value = forBrowser.get('nickname') ?? ''
clearErrorsOnInput(nickname, channel)
byId('start-form').addEventListener('submit', (event) => {
  event.preventDefault()
  const [name, channelName] = [nickname.value.trim(), channel.value.trim()]
  const invalidField = [
    showError(nickname, nameError(name, 'Your name', 64)),
    showError(channel, nameError(channelName, 'The channel', 256)),
  ].find(Boolean)
  if (invalidField) return invalidField.focus()
  forBrowser.set('nickname', name)
  enter(name, channelName)
})

function enter(name, channelName) {
  return submit(byId('enter'), byId('enter-problem'), 'Joining…', () => join(name, channelName))
}

async function join(name, channelName) {
  const exchanger = new Exchanger({
    ...nodeOptions(),
    token: () => tokenFor(channelName, name),
    loginTimeoutMs: 15_000,
  })
  let call
  const show = () => {
    if (!call) return
    for (const [id, user] of exchanger.users) call.tiles.add(id, nameOf(user))
    call.tiles.keep([exchanger.id, ...exchanger.users.keys()])
  }
  const leave = () => exchanger.leave()
  exchanger.on('userJoinedStream', show)
  exchanger.on('userLeftStream', show)
  exchanger.on('resync', show)
  exchanger.on('retrying', (reason) => {
    const problem = retryProblemOf(reason)
    if (problem) notice(problem)
  })
  exchanger.on('state', (state) => showNode(exchanger, state))
  exchanger.on('reconnected', ({ ms }) => {
    showNode(exchanger, 'connected')
    notice(`Back on node ${nodeName(exchanger.connection)} in ${Math.round(ms)} ms`, { kind: 'news', seconds: 8 })
  })
  await exchanger.join(channelName, { name })
  addEventListener('pagehide', leave)
  exchanger.on('closed', (reason) => {
    removeEventListener('pagehide', leave)
    call.end()
    if (reason.code === 'closed') return
    notice(sentenceOf(reason))
    if (wasRestarted(reason)) enter(name, channelName)
  })
  const withMedia = byId('with-media').checked
  call = new SingleCall({
    channel: exchanger.channel,
    id: exchanger.id,
    name,
    title: channelName,
    withMedia,
    onLeave: leave,
  })
  show()
  call.mesh.start()
}

function showNode({ connection }, state) {
  if (state === 'connected' && connection) showConnection('connected', `Node ${nodeName(connection)}`)
  else showConnection('connecting', 'Reconnecting…')
}

/** Other programs may join with any JSON value as their user. */
function nameOf(user) {
  const name = typeof user === 'object' ? user?.name : user
  return typeof name === 'string' && name.trim() !== '' ? name : 'Someone'
}
