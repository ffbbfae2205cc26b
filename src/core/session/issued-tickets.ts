/**
 * The ids of a participant's valid tickets: those issued in exchange for `previous`, the oldest first, and `previous` itself
 * until the client is known to have received one of them. `previous` is '' if there is no such ticket.
 */
export type IssuedTickets = { previous: string; issued: string[] }

/** How many of the tickets that were issued for one ticket stay valid. */
const maxIssued = 8

export const newestTicket = ({ issued }: IssuedTickets): string => issued.at(-1) ?? ''

/** After a refresh, which exchanges the newest ticket. */
export function withRenewed(tickets: IssuedTickets, next: string): IssuedTickets {
  const newest = newestTicket(tickets)
  return newest === next ? tickets : { previous: newest, issued: [next] }
}

/** After the client is known to have received this ticket: earlier ones become invalid, later ones stay valid. */
export function withConfirmed(tickets: IssuedTickets, ticketId: string): IssuedTickets {
  const index = tickets.issued.indexOf(ticketId)
  if (index === -1) return tickets // it is `previous`: no earlier ticket is valid
  const since = tickets.issued.slice(index + 1)
  return since.length > 0 ? { previous: ticketId, issued: since } : { previous: '', issued: [ticketId] }
}

/**
 * After a relogin exchanged `used` for `next`; undefined if `used` is not valid. The use of `previous` shows that an ack was lost,
 * but not which one: every ticket issued for it stays valid until one of them is used.
 */
export function withUsed({ previous, issued }: IssuedTickets, used: string, next: string): IssuedTickets | undefined {
  if (used === previous && previous !== '') {
    return { previous, issued: issued.includes(next) ? issued : [...issued, next].slice(-maxIssued) }
  }
  return issued.includes(used) ? { previous: used, issued: [next] } : undefined
}
