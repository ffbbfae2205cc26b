// What went wrong, as sentences for people.

const wrong = 'Something went wrong. Try again.'
const placeLost = 'You have lost your place in the room. Enter it again.'
const notLetIn = 'The server did not let you in. Load this page again, then try once more.'

const sentences = {
  room_full: 'This room is full. Try again later, or open another room.',
  too_many_rooms: 'There are too many rooms already. Enter one that is open.',
  token_unavailable: 'The server cannot be reached. Check your network; trying again may help.',
  unreachable: 'The server cannot be reached. Check your network; trying again may help.',
  lost: 'The connection was lost. Try again.',
  timeout: 'The server did not answer in time. Try again.',
  unavailable: 'The server cannot do this just now. Try again in a moment.',
  too_many_requests: 'That was too much at once. Wait a moment, then try again.',
  no_such_participant: 'This person has left.',
  text_too_long: 'The message is too long.',
  participant_gone:
    'You were away for too long, or the server was restarted, so you have left the room. Enter it again.',
  ticket_expired: 'You were away for too long, so you have left the room. Enter it again.',
  dropped: 'You were taken out of the room.',
  moved: 'You are in this room from somewhere else now.',
  too_large: 'The message is too long.',
  not_in_room: placeLost,
  no_session: placeLost,
  bad_ticket: placeLost,
  ticket_signature: 'The server was restarted and no longer knew you, so you had to enter again.',
  ticket_spent: placeLost,
  ticket_foreign: placeLost,
  reconnection_disabled: placeLost,
  bad_token: notLetIn,
  token_signature: notLetIn,
  token_expired: notLetIn,
  token_used: notLetIn,
  unauthorized: notLetIn,
  draining: 'The server is going away just now. Try again in a moment.',
  bad_name: 'This name cannot be used. It needs at least one character that can be seen.',
}

/** Nothing answered: the device may know why, but may also be wrong, as behind some VPNs. */
const unanswered = new Set(['unreachable', 'lost', 'timeout', 'token_unavailable'])
const offline =
  'The server cannot be reached, and your device says that it is offline. Check your network; then try again.'

/** @param error a SignalboxError, or anything that was thrown */
export function sentenceOf(error) {
  if (unanswered.has(error?.code) && navigator.onLine === false) return offline
  if (Object.hasOwn(sentences, error?.code)) return sentences[error.code]
  // the numbers of p2p come with a sentence of this page; what a server says besides is for those who program
  return /^\d+$/.test(error?.code) ? error.message : wrong
}

/** Whether a session ended because the server was restarted with another secret, as in development: it can only begin anew. */
export function wasRestarted({ code }) {
  return code === 'ticket_signature'
}

/** Why a page that is reconnecting does not get on, if it is more than that no server answers. */
export function complaintOf(reason) {
  return ['unreachable', 'token_unavailable', 'lost', 'timeout', 'draining'].includes(reason.code)
    ? undefined
    : sentenceOf(reason)
}

/** As the server wants names to be. */
const visible = /^[^\p{Cc}\p{Cs}]*[\p{L}\p{N}\p{P}\p{S}][^\p{Cc}\p{Cs}]*$/u

/** Why a name cannot be used, or undefined. @param what as in "Your name" */
export function complaintAboutName(name, what, most) {
  if (name === '') return `${what} is missing.`
  if ([...name].length > most) return `${what} is too long: at most ${most} characters.`
  if (!visible.test(name)) return `${what} needs at least one character that can be seen, and no line breaks.`
  return undefined
}

export const longestText = 2048

/** Why a message cannot be sent, or undefined. */
export function complaintAboutText({ length }) {
  if (length <= longestText) return undefined
  return `The message has ${length} characters, and may have ${longestText}: shorten it by ${length - longestText}.`
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`
