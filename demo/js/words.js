// What went wrong, as sentences for people.

const sentences = {
  room_full: 'This room is full. Try again later, or open another room.',
  too_many_rooms: 'There are too many rooms already. Enter one that is open.',
  unreachable: 'The server cannot be reached. Check your network; trying again may help.',
  lost: 'The connection was lost. Try again.',
  timeout: 'The server did not answer in time. Try again.',
  unavailable: 'The server cannot do this just now. Try again in a moment.',
  too_many_requests: 'That was too much at once. Wait a moment, then try again.',
  no_such_participant: 'This person has left.',
  text_too_long: 'The message is too long.',
  participant_gone: 'You were away for too long, so you have left the room. Enter it again.',
  ticket_expired: 'You were away for too long, so you have left the room. Enter it again.',
  dropped: 'You were taken out of the room.',
  moved: 'You are in this room from somewhere else now.',
  bad_name: 'This name cannot be used. It needs at least one character that can be seen.',
}

/** @param error a SignalboxError, or anything that was thrown */
export function sentenceOf(error) {
  if (!navigator.onLine) return 'You are offline. As soon as the network is back, this page goes on.'
  return sentences[error?.code] ?? (error?.code ? error.message : undefined) ?? 'Something went wrong. Try again.'
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
