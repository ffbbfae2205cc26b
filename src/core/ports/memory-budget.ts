/** One client, or one connection or request that belongs to none, as a holder of the node's memory. */
export interface BudgetHolder {
  /** What the node holds for it. */
  readonly bytes: number
  /** How much of that it was sent and has not read. */
  readonly unreadBytes: number
  /** Bytes of incomplete input, the start of a message or of a body: its growth emits no event. */
  readonly partialBytes: number
  /** Gives up what can be given up; returns how many bytes that is. */
  shed(): number
  /** Closes the connection of a client that does not read; returns how many bytes were unread. */
  shedUnread(): number
}

/** The memory that a node may hold for all its clients together. */
export interface BudgetHolders {
  add(holder: BudgetHolder): void
  remove(holder: BudgetHolder): void
}
