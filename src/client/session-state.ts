/** The states of a session (docs/owt.md#connection-states), and `closed` for one that is over for good. */
export const sessionStates = ['initialized', 'connecting', 'connected', 'waiting_for_reconnecting', 'closed'] as const

export type SessionState = (typeof sessionStates)[number]

/**
 * `open`: a connection is wanted, with or without a session. `login`: the program wants a session. `retry`: a connection is tried. `entered`: login or relogin was acked.
 * `lost`: the connection is gone. `left`: logged out, or the room was left. `ended`: closed, dropped or refused for good.
 */
export const sessionEvents = ['open', 'login', 'retry', 'entered', 'lost', 'left', 'ended'] as const

export type SessionEvent = (typeof sessionEvents)[number]

/** Every state × every event. An event that changes nothing stands there with the state itself. */
export const transitions: { readonly [state in SessionState]: { readonly [event in SessionEvent]: SessionState } } = {
  initialized: {
    open: 'initialized',
    login: 'connecting',
    retry: 'initialized', // a connection without a session, as in a lobby
    entered: 'initialized',
    lost: 'initialized',
    left: 'initialized',
    ended: 'closed',
  },
  connecting: {
    open: 'connecting',
    login: 'connecting',
    retry: 'connecting',
    entered: 'connected',
    lost: 'waiting_for_reconnecting',
    left: 'initialized',
    ended: 'closed',
  },
  connected: {
    open: 'connected',
    login: 'connected',
    retry: 'connected', // moving ahead of a drain: the old connection still serves
    entered: 'connected',
    lost: 'waiting_for_reconnecting',
    left: 'initialized',
    ended: 'closed',
  },
  waiting_for_reconnecting: {
    open: 'waiting_for_reconnecting',
    login: 'waiting_for_reconnecting',
    retry: 'connecting',
    entered: 'connected', // the old connection was lost while the new one was being asked
    lost: 'waiting_for_reconnecting',
    left: 'initialized',
    ended: 'closed',
  },
  closed: {
    open: 'initialized',
    login: 'connecting',
    retry: 'closed',
    entered: 'closed',
    lost: 'closed',
    left: 'closed',
    ended: 'closed',
  },
}

export function nextState(state: SessionState, event: SessionEvent): SessionState {
  return transitions[state][event]
}
