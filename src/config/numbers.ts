import { quoted } from './masked.ts'
import { type OptionWithDefault, option, type Read } from './option.ts'

/** The longest delay of a timer of Node.js and of browsers, s. A longer one would fire at once. */
export const maxTimerSeconds = Math.floor((2 ** 31 - 1) / 1000)

/** A year, s: the limit of durations without a timer. */
const maxSeconds = 31_536_000

/** The largest count, because Redis scripts compute with it. */
const maxCount = 2 ** 31 - 1

type Range = { min?: number; max?: number }

export const port = (meaning: string, fallback: number): OptionWithDefault<number> =>
  option(meaning, whole({ max: 65_535 }), String(fallback))

/** A duration in seconds, fractions too. */
export function seconds(meaning: string, fallback: number, { min = 0, max = maxSeconds }: Range = {}) {
  const read: Read<number> = (text, complain) => {
    const number = numberOf(text)
    if (!(number >= min && number <= max)) complain(`${quoted(text)} is not a number of seconds from ${min} to ${max}`)
    return number
  }
  return option(meaning, read, String(fallback))
}

/** A duration that a timer waits for. */
export const timer = (meaning: string, fallback: number, { min = 0, max = maxTimerSeconds }: Range = {}) =>
  seconds(meaning, fallback, { min, max })

export const count = (meaning: string, fallback: number, { min = 0, max = maxCount }: Range = {}) =>
  option(meaning, whole({ min, max }), String(fallback))

export const bytes = (meaning: string, fallback: number, { min = 0, max = Number.MAX_SAFE_INTEGER }: Range = {}) =>
  option(meaning, whole({ min, max }), String(fallback))

function whole({ min = 0, max = maxCount }: Range): Read<number> {
  return (text, complain) => {
    const number = numberOf(text)
    const isInRange = Number.isInteger(number) && number >= min && number <= max
    if (!isInRange) complain(`${quoted(text)} is not a whole number from ${min} to ${max}`)
    return number
  }
}

/** NaN if the text is not a decimal number. */
function numberOf(text: string): number {
  return /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN
}
