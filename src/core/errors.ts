/**
 * The reasons for which Signalbox refuses a request, as a closed union. Each dialect has a table with a message for every code, so a
 * missing message is a compile error.
 */
export const errorCodes = [
  // any request
  'bad_request',
  'unknown_event',
  'too_large',
  'too_many_requests',
  'illegal_request',
  'in_service',
  'unavailable',
  'internal',
  'draining',
  'early_left',
  // a repeat of a request that was performed: the client gets the original ack
  'repeated',
  // login
  'unknown_protocol',
  'deprecated_client',
  'bad_user_agent',
  'bad_token',
  'token_signature',
  'token_expired',
  'token_used',
  'room_full',
  'too_many_rooms',
  'invalid_role',
  // relogin
  'bad_ticket',
  'ticket_signature',
  'ticket_expired',
  'ticket_spent',
  'ticket_foreign',
  'participant_gone',
  'reconnection_disabled',
  'moved',
  // in a room
  'unauthorized',
  'invalid_receiver',
  'no_such_participant',
  'invalid_message_type',
  'text_too_long',
  // exchanger, rooms
  'bad_name',
  'not_in_room',
  // media
  'no_media_server',
  'invalid_stream_id',
  'no_such_stream',
  'stream_exists',
  'too_many_inputs',
  'no_such_track',
  'invalid_stream_control',
  'invalid_subscription_id',
  'no_such_subscription',
  'subscription_exists',
  'no_such_source',
  'source_unsatisfying',
  'several_owners',
  'no_audio_to_update',
  'no_video_to_update',
  'invalid_subscription_control',
  'invalid_soac_id',
  'invalid_signaling',
  'invalid_signaling_type',
  'no_such_transport',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** A refusal that the client may see. `detail`: an id or a reason that some messages quote. */
export class SignalError extends Error {
  readonly code: ErrorCode
  readonly detail: string

  constructor(code: ErrorCode, detail = '', options?: ErrorOptions) {
    super(detail === '' ? code : `${code}: ${detail}`, options)
    this.name = 'SignalError'
    this.code = code
    this.detail = detail
  }
}

/** A later request has taken the session. If the client still waits for the ack of this one, the node may try it again. */
export class SupersededError extends SignalError {
  constructor(options?: ErrorOptions) {
    super('unavailable', 'a later request has the session', options)
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return (errorCodes as readonly string[]).includes(text)
}

/** Whether the store did not answer. Such an operation is retried without limit. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof SignalError && error.code === 'unavailable'
}
