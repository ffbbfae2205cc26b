import { Lobby } from './lobby.js'
import { sentenceOf, wasRestarted } from './messages.js'
import { notice } from './notices.js'
import { saveRoomState, takeRoomState } from './reload-restore.js'
import { Room } from './room.js'

const pageTitle = document.title
let room

const lobby = new Lobby({
  enter: async ({ nickname, name, devices, relayOnly }) => {
    const entered = new Room(nickname, (reason, roomState) => onLeft(entered, reason, roomState))
    await entered.enter(name)
    room = entered
    lobby.close()
    room.show(devices, relayOnly)
    setAddress(name)
    document.title = `${name} – ${pageTitle}`
  },
})

function onLeft(leftRoom, reason, roomState) {
  if (leftRoom !== room) return
  room = undefined
  setAddress()
  document.title = pageTitle
  lobby.open()
  if (!reason) return
  notice(sentenceOf(reason))
  if (wasRestarted(reason)) lobby.enter(roomState)
}

/** Puts the room into the page's address, so that the address can be shared and a reload finds the room. */
function setAddress(name) {
  const url = new URL(location.href)
  if (name === undefined) url.searchParams.delete('room')
  else url.searchParams.set('room', name)
  history.replaceState(null, '', url)
}

addEventListener('offline', () =>
  notice('Your device says that it is offline. This page keeps trying, and continues when a server answers.', {
    seconds: 10,
  }),
)
addEventListener('pagehide', () => {
  if (!room) return
  const leavingRoom = room
  room = undefined // `leave` must not show the lobby
  saveRoomState(leavingRoom.roomState)
  leavingRoom.leave()
})
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())

lobby.open()
const roomState = takeRoomState()
if (roomState) lobby.enter(roomState)
