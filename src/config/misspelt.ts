/** Shorter names differ by one letter from many unrelated names. */
const minNameCharacters = 8

/** A sentence for each name that is not an option and differs by one letter from an option that is not set. */
export function misspeltIn(environment: { [name: string]: string | undefined }, known: readonly string[]): string[] {
  const unset = known.filter((name) => !environment[name] && name.length >= minNameCharacters)
  return Object.keys(environment).flatMap((name) => {
    if (known.includes(name) || !environment[name]) return []
    const meant = unset.find((option) => differByOne(name.toUpperCase(), option))
    return meant ? [`${name}: is not an option and has no effect; is ${meant} meant?`] : []
  })
}

/** Whether one letter is wrong, missing or too many, or two neighbours are swapped. */
function differByOne(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (long.length - short.length > 1) return false
  let start = 0
  while (start < short.length && short[start] === long[start]) start += 1
  const [restOfShort, restOfLong] = [short.slice(start), long.slice(start)]
  if (short.length < long.length) return restOfShort === restOfLong.slice(1)
  const isSwapped = restOfShort[0] === restOfLong[1] && restOfShort[1] === restOfLong[0]
  return restOfShort.slice(1) === restOfLong.slice(1) || (isSwapped && restOfShort.slice(2) === restOfLong.slice(2))
}
