/** Short enough that a quadratic search of the long text ends within a second, long enough that the start of a search does not count. */
const shortLength = 500
const lengthFactor = 16
const longLength = shortLength * lengthFactor

/** Above this the time grows faster than the length, whatever a cache or an allocation adds. */
export const maxLinearGrowth = lengthFactor * 4

/**
 * A shorter run counts as this long, µs: a validation that refuses the long text and accepts the short one does more for the long one,
 * whatever its length. A quadratic search of the long text takes more than a thousand times as long.
 */
const minRunUs = 20

/** Runs of one length are repeated until they have taken this CPU time together, µs: far above the resolution of the clock. */
const minMeasuredUs = 1000
const repetitions = 3

/**
 * How many times longer a function takes for sixteen times the text: about 16 if its time grows with the length, 256 if
 * it grows with the square. It measures the CPU time of this process, which the load of the machine does not change, and takes the
 * median of some measurements. If the first run with the long text is quick enough to be linear in any case, it returns 0.
 */
export function growthOf(run: (length: number) => void): number {
  if (cpuUsOf(() => run(longLength)) < maxLinearGrowth * minRunUs) return 0
  return medianUs(run, longLength) / Math.max(medianUs(run, shortLength), minRunUs)
}

/** The CPU time of one run, µs. */
function medianUs(run: (length: number) => void, length: number): number {
  const measured = Array.from({ length: repetitions }, () => averageUs(run, length))
  return measured.sort((a, b) => a - b)[Math.floor(repetitions / 2)] as number
}

function averageUs(run: (length: number) => void, length: number): number {
  for (let runs = 1; ; runs *= 4) {
    const us = cpuUsOf(() => {
      for (let nth = 0; nth < runs; nth += 1) run(length)
    })
    if (us >= minMeasuredUs) return us / runs
  }
}

function cpuUsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
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
