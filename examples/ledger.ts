/** What one participant received, for comparison with what was sent. */
export class Ledger {
  readonly texts: number[] = []
  readonly seqs: number[] = []
  /** Whatever must not happen: participants who were seen leaving, refused requests. */
  readonly incidents: string[] = []
  readonly #waiters = new Set<{ text: number; resolve: () => void }>()

  get lastText(): number {
    return this.texts.at(-1) ?? 0
  }

  /** Records a notification. @param text its number, if it is a text */
  record(seq: number, text?: number): void {
    this.seqs.push(seq)
    if (text === undefined) return
    this.texts.push(text)
    for (const waiter of this.#waiters) {
      if (waiter.text > text) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  /** Resolves when this text, or a later one, has been received. */
  received(text: number): Promise<void> {
    if (this.lastText >= text) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.add({ text, resolve }))
  }

  /** The differences from texts 1 to `sentCount`, sent in this order. */
  faults(sentCount: number): string[] {
    const received = new Set(this.texts)
    const lost = Array.from({ length: sentCount }, (_, index) => index + 1).filter((text) => !received.has(text))
    const duplicated = this.texts.filter((text, index) => this.texts.indexOf(text) !== index)
    const late = this.texts.filter((text, index) => text < (this.texts[index - 1] ?? 0))
    const repeatedSeqs = this.seqs.filter((seq, index) => seq <= (this.seqs[index - 1] ?? 0))
    return [
      ...listFault('lost', lost),
      ...listFault('duplicated', duplicated),
      ...listFault('out of order', late),
      ...listFault('seq that does not rise', repeatedSeqs),
      ...this.incidents,
    ]
  }
}

function listFault(fault: string, numbers: number[]): string[] {
  return numbers.length > 0 ? [`${numbers.length} ${fault}: ${numbers.slice(0, 10).join(', ')}`] : []
}
