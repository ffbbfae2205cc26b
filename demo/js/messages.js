// Errors as sentences for users.

const unknownError = 'Something went wrong. Try again.'
const sessionLost = 'You have lost your place in the room. Enter it again.'
const notAdmitted = 'The server did not let you in. Load this page again, then try once more.'

const sentences = {
  room_full: 'This room is full. Try again later, or open another room.',
  too_many_rooms: 'There are too many rooms already. Enter one that is open.',
  token_unavailable: 'The server cannot be reached. Check your network; trying again may help.',
  unreachable: 'The server cannot be reached. Check your network; trying again may help.',
  lost: 'The connection was lost. Try again.',
  timeout: 'The server did not answer in time. Try again.',
  unavailable: 'The server cannot do this at the moment. Try again soon.',
  too_many_requests: 'That was too much at once. Wait a moment, then try again.',
  no_such_participant: 'This person has left.',
  text_too_long: 'The message is too long.',
  participant_gone:
    'You were away for too long, or the server was restarted, so you have left the room. Enter it again.',
  ticket_expired: 'You were away for too long, so you have left the room. Enter it again.',
  dropped: 'You were removed from the room.',
  moved: 'You joined this room from another page or device.',
  too_large: 'The message is too long.',
  not_in_room: sessionLost,
  no_session: sessionLost,
  bad_ticket: sessionLost,
  ticket_signature: 'The server was restarted and no longer knew you, so you had to enter again.',
  ticket_spent: sessionLost,
  ticket_foreign: sessionLost,
  reconnection_disabled: sessionLost,
  bad_token: notAdmitted,
  token_signature: notAdmitted,
  token_expired: notAdmitted,
  token_used: notAdmitted,
  unauthorized: notAdmitted,
  draining: 'The server is shutting down. Try again in a moment.',
  bad_name: 'This name cannot be used. It needs at least one visible character.',
}

/** No server answered. The device may report that it is offline, but with some VPNs it reports so wrongly. */
const unansweredCodes = new Set(['unreachable', 'lost', 'timeout', 'token_unavailable'])
const offlineText =
  'The server cannot be reached, and your device says that it is offline. Check your network; then try again.'

/** @param error a SignalboxError, or anything that was thrown */
export function sentenceOf(error) {
  if (unansweredCodes.has(error?.code) && navigator.onLine === false) return offlineText
  if (Object.hasOwn(sentences, error?.code)) return sentences[error.code]
  // errors with p2p's numbers have a sentence of this page; other messages of a server are for programmers
  return /^\d+$/.test(error?.code) ? error.message : unknownError
}

/** Whether a session ended because the server was restarted with another secret, as in development. Only a new login helps. */
export function wasRestarted({ code }) {
  return code === 'ticket_signature'
}

/** Why the server refuses a reconnection. Undefined: no server answers, or it is shutting down. */
export function retryProblemOf(reason) {
  return ['unreachable', 'token_unavailable', 'lost', 'timeout', 'draining'].includes(reason.code)
    ? undefined
    : sentenceOf(reason)
}

/** The server's pattern for names. */
const visibleName = /^[^\p{Cc}\p{Cs}]*[\p{L}\p{N}\p{P}\p{S}][^\p{Cc}\p{Cs}]*$/u

/** Why a name cannot be used, or undefined. @param label begins the sentence, as "Your name" */
export function nameError(name, label, maxLength) {
  if (name === '') return `${label} is missing.`
  if ([...name].length > maxLength) return `${label} is too long: at most ${maxLength} characters.`
  if (!visibleName.test(name)) return `${label} needs at least one visible character, and no line breaks.`
  return undefined
}

export const maxTextLength = 2048

/** Why a message cannot be sent, or undefined. */
export function textError({ length }) {
  if (length <= maxTextLength) return undefined
  return `The message has ${length} characters, but the limit is ${maxTextLength}: shorten it by ${length - maxTextLength}.`
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`
