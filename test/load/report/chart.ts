import { htmlText } from './html-text.ts'
import { linear, logarithmic, type Scale } from './scale.ts'

export type Series = {
  name: string
  /** One of the page's colours. */
  colour: string
  /** At the same moments as `at`; undefined where there is nothing to tell. */
  values: (number | undefined)[]
  kind?: 'line' | 'area' | 'bars'
}

export type ChartOptions = {
  title: string
  /** What one reads of it, in a sentence. */
  says: string
  at: number[]
  series: Series[]
  /** `hard`: something was broken on purpose. */
  marks?: { at: number; says: string; hard: boolean }[]
  scale?: 'linear' | 'logarithmic'
  format: (value: number) => string
  wide?: boolean
}

const height = 210
const [left, right, top, bottom] = [58, 14, 12, 26]

/** A chart over the time of a run, as a figure of HTML with its picture in SVG. */
export function chart(options: ChartOptions): string {
  const { title, says, at, series, marks = [], format, wide = false } = options
  const width = wide ? 1060 : 520
  const values = series.flatMap((one) => one.values.filter((value) => value !== undefined))
  const positive = values.filter((value) => value > 0)
  const vertical = options.scale === 'logarithmic' ? logarithmic(positive) : linear(Math.max(0, ...values))
  const [first, last] = [at[0] ?? 0, Math.max(at.at(-1) ?? 1, (at[0] ?? 0) + 1)]
  const x = (moment: number) => left + ((moment - first) / (last - first)) * (width - left - right)
  const y = (value: number) => height - bottom - vertical.place(value) * (height - top - bottom)
  const shapes = series.map((one) => shapeOf(one, at, x, y))
  const data = { at: at.map((moment) => Math.round(moment)), x: at.map((moment) => round(x(moment))) }
  const told = series.map((one) => ({ ...one, values: one.values.map((v) => (v === undefined ? '–' : format(v))) }))
  const rows = told.map(({ name, colour, values }) => ({ name, colour, values }))
  return `<figure class="card${wide ? ' wide' : ''}" data-chart="${htmlText(JSON.stringify({ ...data, rows }))}">
<figcaption><h2>${htmlText(title)}</h2>${legend(series)}<p>${htmlText(says)}</p></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${htmlText(`${title}: ${says}`)}">
${grid(vertical, y, width, format)}
${times(first, last, x)}
${marks.map((mark) => markAt(mark, x(mark.at), wide && x(mark.at) < width - 180)).join('\n')}
${shapes.join('\n')}
<line class="cursor" y1="${top}" y2="${height - bottom}" x1="0" x2="0"/>
</svg></figure>`
}

function legend(series: Series[]): string {
  const items = series.map(
    ({ name, colour }) => `<li><i style="background:var(--${colour})"></i>${htmlText(name)}</li>`,
  )
  return `<ul class="legend">${items.join('')}</ul>`
}

function grid(
  { ticks }: Scale,
  y: (value: number) => number,
  width: number,
  format: (value: number) => string,
): string {
  const lines = ticks.map((tick, index) => {
    const at = round(y(tick))
    const kind = index === 0 ? 'base' : 'grid'
    const label = `<text class="tick" x="${left - 8}" y="${at + 4}" text-anchor="end">${htmlText(format(tick))}</text>`
    return `<line class="${kind}" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}"/>${label}`
  })
  return lines.join('')
}

function times(first: number, last: number, x: (moment: number) => number): string {
  const inside = linear(last).ticks.filter((tick) => tick >= first && tick <= last)
  const label = (tick: number) =>
    `<text class="tick" x="${round(x(tick))}" y="${height - 8}" text-anchor="middle">${+tick.toFixed(1)} s</text>`
  return inside.map(label).join('')
}

function markAt({ says, hard }: { says: string; hard: boolean }, x: number, named: boolean): string {
  const at = round(x)
  const name = named ? `<text class="tick" x="${at + 7}" y="${top + 2}">${htmlText(says)}</text>` : ''
  const line = `<line x1="${at}" x2="${at}" y1="${top - 4}" y2="${height - bottom}"/>`
  const sign = hard ? `<path d="M${at - 4} ${top - 8}h8l-4 7z"/>` : ''
  return `<g class="mark${hard ? ' hard' : ''}"><title>${htmlText(says)}</title>${line}${sign}${name}</g>`
}

function shapeOf(
  { colour, values, kind = 'line' }: Series,
  at: number[],
  x: (m: number) => number,
  y: (v: number) => number,
) {
  const points = values.map((value, index) => {
    const moment = at[index]
    return value === undefined || moment === undefined ? undefined : ([round(x(moment)), round(y(value))] as const)
  })
  if (kind === 'bars') return bars(points, colour, y(0))
  const parts = runs(points)
  const lines = parts.map((part) => `M${part.map(([px, py]) => `${px} ${py}`).join('L')}`)
  const line = `<path class="line" style="stroke:var(--${colour})" d="${lines.join('')}"/>`
  // a moment alone between two gaps would be a line without length
  const dots = parts.filter(({ length }) => length === 1).map(([one]) => one && dot(one, colour))
  if (kind === 'line') return line + dots.join('')
  const floor = round(y(0))
  const areas = parts.map((part, index) => `${lines[index]}L${part.at(-1)?.[0]} ${floor}L${part[0]?.[0]} ${floor}Z`)
  return `<path class="area" style="fill:var(--${colour})" d="${areas.join('')}"/>${line}`
}

type Point = readonly [number, number]

function dot([px, py]: Point, colour: string): string {
  return `<circle cx="${px}" cy="${py}" r="2.5" style="fill:var(--${colour})"/>`
}

function bars(points: (Point | undefined)[], colour: string, floor: number): string {
  const rects = points.flatMap((point) => {
    if (!point || point[1] >= floor) return []
    return [
      `<rect x="${round(point[0] - 2.5)}" y="${point[1]}" width="5" height="${round(floor - point[1])}" rx="1.5"/>`,
    ]
  })
  return `<g style="fill:var(--${colour})">${rects.join('')}</g>`
}

/** What follows without a gap. */
function runs(points: (Point | undefined)[]): Point[][] {
  const found: Point[][] = [[]]
  for (const point of points) {
    if (point) found.at(-1)?.push(point)
    else found.push([])
  }
  return found.filter(({ length }) => length > 0)
}

const round = (value: number) => Math.round(value * 10) / 10
