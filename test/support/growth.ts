/** Long enough that a quadratic search takes milliseconds, short enough that a test of many patterns ends soon. */
const shortLength = 1000
const lengthFactor = 16

/**
 * How many times longer a function takes for sixteen times the text: about 16 if its time grows with the length, 256 if
 * it grows with the square. The quickest of some runs counts for each length, and a growth that is not linear is measured
 * again: on a busy machine every run of one measurement may be interrupted.
 */
export function growthOf(run: (length: number) => void): number {
  quickest(run, shortLength, 3) // compiled before anything is measured
  let growth = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 6 && growth >= maxLinearGrowth; attempt += 1) growth = Math.min(growth, measured(run))
  return growth
}

function measured(run: (length: number) => void): number {
  const few = quickest(run, shortLength, 5)
  const many = quickest(run, shortLength * lengthFactor, 3)
  return many / Math.max(few, clockResolutionMs)
}

/** Above this the time grows faster than the length, whatever a cache or an allocation adds. */
export const maxLinearGrowth = lengthFactor * 4

/** The resolution of the clock, ms. A shorter run counts as this long. */
const clockResolutionMs = 0.005

function quickest(run: (length: number) => void, length: number, runs: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let nth = 0; nth < runs; nth += 1) {
    const start = performance.now()
    run(length)
    best = Math.min(best, performance.now() - start)
  }
  return best
}

/**
 * Texts on which a pattern may backtrack: many repetitions of a character that it names or may match, with the start that it
 * expects or without, and with several ends.
 */
export function hardTexts(source: string): ((length: number) => string)[] {
  const [, start = ''] = /^\^?([A-Za-z]+ ?)/.exec(source) ?? []
  const named = new Set(source.replaceAll(/\\[pP]\{\w+\}|\\./g, '').slice(0, 200))
  const kinds = [
    'a',
    'A',
    '0',
    ' ',
    '-',
    '.',
    '/',
    ':',
    '_',
    '"',
    '\\',
    '\u0301',
    '\u0001',
    'é',
    '🙂',
    'a.',
    'a ',
    '~0',
  ]
  const ends = ['', '\u0001', '\n', '\ud800', '!', ' ', '..']
  return ['', start].flatMap((first) =>
    [...new Set([...kinds, ...named])].flatMap((text) =>
      ends.map((end) => (length: number) => first + text.repeat(length) + end),
    ),
  )
}
