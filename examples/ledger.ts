/** What one participant heard, to be held against what was said. */
export class Ledger {
  readonly texts: number[] = []
  readonly seqs: number[] = []
  /** Participants who were seen leaving, requests that were refused: whatever should not happen. */
  readonly incidents: string[] = []
  readonly #waiting = new Set<{ text: number; resolve: () => void }>()

  get lastText(): number {
    return this.texts.at(-1) ?? 0
  }

  note(seq: number, text?: number): void {
    this.seqs.push(seq)
    if (text === undefined) return
    this.texts.push(text)
    for (const waiting of this.#waiting) {
      if (waiting.text > text) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
  }

  /** Resolves when a text was heard. */
  hears(text: number): Promise<void> {
    if (this.lastText >= text) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.add({ text, resolve }))
  }

  /** What is wrong if texts 1 to `said` were said, in this order. */
  faults(said: number): string[] {
    const heard = new Set(this.texts)
    const lost = Array.from({ length: said }, (_, index) => index + 1).filter((text) => !heard.has(text))
    const doubled = this.texts.filter((text, index) => this.texts.indexOf(text) !== index)
    const late = this.texts.filter((text, index) => text < (this.texts[index - 1] ?? 0))
    const backwards = this.seqs.filter((seq, index) => seq <= (this.seqs[index - 1] ?? 0))
    return [
      ...list('lost', lost),
      ...list('doubled', doubled),
      ...list('out of order', late),
      ...list('seq that does not rise', backwards),
      ...this.incidents,
    ]
  }
}

function list(fault: string, numbers: number[]): string[] {
  return numbers.length > 0 ? [`${numbers.length} ${fault}: ${numbers.slice(0, 10).join(', ')}`] : []
}
