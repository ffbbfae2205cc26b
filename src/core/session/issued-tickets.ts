/**
 * The tickets of one client that are good, by their ids: those issued for `previous`, oldest first, and `previous` itself
 * while none of them is known to have arrived. `previous` is '' when there is none.
 */
export type IssuedTickets = { previous: string; issued: string[] }

/** How many tickets stay good of those that relogins with one ticket were answered with. */
const maxIssued = 8

export const newestTicket = ({ issued }: IssuedTickets): string => issued.at(-1) ?? ''

/** After a refresh, which is from the newest one. */
export function withRenewed(tickets: IssuedTickets, next: string): IssuedTickets {
  const newest = newestTicket(tickets)
  return newest === next ? tickets : { previous: newest, issued: [next] }
}

/** After the client is known to have this one: those before it are spent, those issued since stay good. */
export function withConfirmed(tickets: IssuedTickets, ticketId: string): IssuedTickets {
  const index = tickets.issued.indexOf(ticketId)
  if (index === -1) return tickets // the one that a later one was issued for: nothing is before it
  const since = tickets.issued.slice(index + 1)
  return since.length > 0 ? { previous: ticketId, issued: since } : { previous: '', issued: [ticketId] }
}

/**
 * After a relogin with one ticket was answered with another; undefined if it was not good. The use of `previous` says
 * that an ack was lost, but not which: every ticket issued for it stays good until one of them is used.
 */
export function withUsed({ previous, issued }: IssuedTickets, used: string, next: string): IssuedTickets | undefined {
  if (used === previous && previous !== '') {
    return { previous, issued: issued.includes(next) ? issued : [...issued, next].slice(-maxIssued) }
  }
  return issued.includes(used) ? { previous: used, issued: [next] } : undefined
}
