export type Scale = { ticks: number[]; place: (value: number) => number }

/** From 0 to above the highest, in round steps. `place`: 0 at the bottom, 1 at the top. */
export function linear(highest: number): Scale {
  const step = roundStep(Math.max(highest, 1e-9) / 4)
  const top = step * Math.max(1, Math.ceil(highest / step - 1e-9))
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step)
  return { ticks, place: (value) => Math.min(1, Math.max(0, value / top)) }
}

/** Powers of ten around all values, which are above 0. */
export function logarithmic(values: readonly number[]): Scale {
  const [least, highest] = [Math.min(...values, 1), Math.max(...values, 10)]
  const [low, high] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(highest) - 1e-9)]
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
  return { ticks, place: (value) => Math.min(1, Math.max(0, (Math.log10(value) - low) / (high - low))) }
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((step) => step * power >= least - 1e-12) ?? 10) * power
}
