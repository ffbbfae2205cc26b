/** Every dialect, by the name that tickets, room ids and the option ANONYMOUS_DIALECTS use. */
export const dialectNames = ['portal', 'exchanger', 'rooms', 'p2p'] as const

export type DialectName = (typeof dialectNames)[number]
