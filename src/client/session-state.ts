/** The states of a session: those of OWT (docs/owt.md#connection-states), and `closed` for a session that has ended. */
export const sessionStates = ['initialized', 'connecting', 'connected', 'waiting_for_reconnecting', 'closed'] as const

export type SessionState = (typeof sessionStates)[number]

/**
 * What changes the state of a session. `open`: the program wants a connection, with or without a session. `login`: the program wants a session. `retry`: the client tries
 * to connect. `acked`: a login or relogin was acked. `lost`: the connection is lost. `left`: the session has ended by logout, or by
 * leaving the room. `ended`: the session was closed, dropped, or refused with a fatal code.
 */
export const stateTriggers = ['open', 'login', 'retry', 'acked', 'lost', 'left', 'ended'] as const

export type StateTrigger = (typeof stateTriggers)[number]

/** State and trigger → next state. A trigger that changes nothing leads to the same state. */
export const transitions: { readonly [state in SessionState]: { readonly [event in StateTrigger]: SessionState } } = {
  initialized: {
    open: 'initialized',
    login: 'connecting',
    retry: 'initialized', // a connection without a session, as in a lobby
    acked: 'initialized',
    lost: 'initialized',
    left: 'initialized',
    ended: 'closed',
  },
  connecting: {
    open: 'connecting',
    login: 'connecting',
    retry: 'connecting',
    acked: 'connected',
    lost: 'waiting_for_reconnecting',
    left: 'initialized',
    ended: 'closed',
  },
  connected: {
    open: 'connected',
    login: 'connected',
    retry: 'connected', // a move before a drain: the old connection still serves
    acked: 'connected',
    lost: 'waiting_for_reconnecting',
    left: 'initialized',
    ended: 'closed',
  },
  waiting_for_reconnecting: {
    open: 'waiting_for_reconnecting',
    login: 'waiting_for_reconnecting',
    retry: 'connecting',
    acked: 'connected', // the old connection was lost during the relogin on the new one
    lost: 'waiting_for_reconnecting',
    left: 'initialized',
    ended: 'closed',
  },
  closed: {
    open: 'initialized',
    login: 'connecting',
    retry: 'closed',
    acked: 'closed',
    lost: 'closed',
    left: 'closed',
    ended: 'closed',
  },
}

export function nextState(state: SessionState, trigger: StateTrigger): SessionState {
  return transitions[state][trigger]
}
