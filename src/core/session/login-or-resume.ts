import { newDeadline } from '../deadline.ts'
import { type ErrorCode, SignalError, SupersededError } from '../errors.ts'
import type { ParticipantId } from '../model.ts'
import type { Login, LoginRequest } from './login.ts'
import type { Resume } from './resume.ts'
import type { Session } from './session.ts'

type NamedLogin = LoginRequest & { id: ParticipantId }

/**
 * Logs in under an id that the client names: resumes the session of that participant, or creates one. Two devices may do so at
 * the same time: both succeed, and the later one keeps the session.
 */
export class LoginOrResume {
  readonly #login: Login
  readonly #resume: Resume

  constructor(login: Login, resume: Resume) {
    this.#login = login
    this.#resume = resume
  }

  /** @throws as login */
  async login(request: NamedLogin): Promise<{ session: Session }> {
    try {
      return await this.#attempt(request)
    } catch (error) {
      // an older request of a lost connection must not win; this client still waits, so its request counts from now
      if (!(error instanceof SupersededError && request.connection.open)) throw error
      return this.#attempt({ ...request, deadline: newDeadline() })
    }
  }

  async #attempt(request: NamedLogin): Promise<{ session: Session }> {
    try {
      return await this.#resume.rejoin(request)
    } catch (error) {
      rethrowUnless('participant_gone', error)
    }
    try {
      return await this.#login.login(request)
    } catch (error) {
      rethrowUnless('token_used', error)
      // the user has logged in elsewhere at the same time, or the token was used by another participant
      return this.#resume.rejoin(request).catch((second: unknown) => {
        rethrowUnless('participant_gone', second)
        throw error
      })
    }
  }
}

function rethrowUnless(code: ErrorCode, error: unknown): void {
  if (!(error instanceof SignalError && error.code === code)) throw error
}
