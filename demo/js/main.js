import { Lobby } from './lobby.js'
import { sentenceOf, wasRestarted } from './messages.js'
import { notice } from './notices.js'
import { keepStay, takeStay } from './reload-restore.js'
import { Room } from './room.js'

const titled = document.title
let room

const lobby = new Lobby({
  enter: async ({ nickname, name, devices, relayOnly }) => {
    const entered = new Room(nickname, (...how) => left(entered, ...how))
    await entered.enter(name)
    room = entered
    lobby.close()
    room.show(devices, relayOnly)
    address(name)
    document.title = `${name} – ${titled}`
  },
})

function left(one, reason, stay) {
  if (one !== room) return
  room = undefined
  address()
  document.title = titled
  lobby.open()
  if (!reason) return
  notice(sentenceOf(reason))
  if (wasRestarted(reason)) lobby.enter(stay)
}

/** So that the address can be given to others, and a page that is loaded again knows where it was. */
function address(name) {
  const url = new URL(location.href)
  if (name === undefined) url.searchParams.delete('room')
  else url.searchParams.set('room', name)
  history.replaceState(null, '', url)
}

addEventListener('offline', () =>
  notice('Your device says that it is offline. This page tries on, and goes on when a server answers.', {
    seconds: 10,
  }),
)
addEventListener('pagehide', () => {
  if (!room) return
  const last = room
  room = undefined // nothing here is to change any more
  keepStay(last.stay)
  last.leave()
})
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())

lobby.open()
const stay = takeStay()
if (stay) lobby.enter(stay)
