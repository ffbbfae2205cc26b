import { quoted } from './masked.ts'

/** Takes a sentence about a value, without the name of its option. */
export type Complain = (complaint: string) => void

/** Reads the text of an option. After a complaint the result is not used. */
export type Read<T> = (text: string, complain: Complain) => T | undefined

/** One option: how its text is read, and its default as an operator would write it. */
export type Option<T> = {
  meaning: string
  read: Read<T>
  default?: string
  /** Neither `signalbox config` nor a mistake shows the value. */
  secret?: true
}

export type OptionWithDefault<T> = Option<T> & { default: string }

export function option<T>(meaning: string, read: Read<T>, fallback: string): OptionWithDefault<T>
export function option<T>(meaning: string, read: Read<T>): Option<T>
export function option<T>(meaning: string, read: Read<T>, fallback?: string): Option<T> {
  return { meaning, read, ...(fallback === undefined ? {} : { default: fallback }) }
}

export function secret<T>(meaning: string, read: Read<T>): Option<T> {
  return { meaning, read, secret: true }
}

/** Free text. Quotes around it come from an env file, which does not remove them, and would be a part of the value. */
export const text: Read<string> = (value, complain) => {
  if (isInQuotes(value)) complain(`${quoted(value)} is in quotes: write it without them`)
  return value
}

export function oneOf<const T extends string>(words: readonly T[]): Read<T> {
  return (value, complain) => {
    const found = words.find((word) => word === value)
    if (found === undefined) complain(`${quoted(value)} is not one of ${words.join(', ')}`)
    return found
  }
}

export function matching(pattern: RegExp, expected: string): Read<string> {
  return (value, complain) => {
    if (!pattern.test(value)) complain(`${quoted(value)} is not ${expected}`)
    return value
  }
}

export const flag: Read<boolean> = (value, complain) => {
  const words: { [word: string]: boolean } = { true: true, 1: true, false: false, 0: false }
  const found = Object.hasOwn(words, value) ? words[value] : undefined
  if (found === undefined) complain(`${quoted(value)} is neither true nor false`)
  return found
}

export function isInQuotes(value: string): boolean {
  return /^(["'`]).*\1$/s.test(value)
}

/** The parts of a list with commas. */
export function list(value: string | undefined): string[] {
  return (value ?? '').split(',').flatMap((part) => part.trim() || [])
}

/** The parts of a list that must not be empty: an operator who wants the default leaves the option unset. */
export function items(value: string, complain: Complain): string[] {
  const parts = list(value)
  if (parts.length === 0) complain(`${quoted(value)} is an empty list: leave the option unset for its default`)
  return parts
}
