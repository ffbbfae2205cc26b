/** A holder of the node's memory: a client, or a connection or request that does not belong to a client. */
export interface BudgetHolder {
  /** What the node holds for it, bytes. */
  readonly bytes: number
  /** How much of that was sent and is not read yet, bytes. */
  readonly unreadBytes: number
  /** The incomplete input, such as the start of a message or of a body, bytes. Its growth emits no event. */
  readonly partialBytes: number
  /** Releases the memory that can be released, and returns its size, bytes. */
  shed(): number
  /** Closes the connection of a client that does not read, and returns how many bytes were unread. */
  shedUnread(): number
}

/** The memory that a node may hold for all its clients together. */
export interface MemoryBudget {
  add(holder: BudgetHolder): void
  remove(holder: BudgetHolder): void
}
