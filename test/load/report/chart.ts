import { htmlText } from './html-text.ts'

export type Series = {
  name: string
  /** A colour of the page's style: `one` is `--one`. */
  colour: string
  /** One value for each moment of `at`; undefined leaves a gap. */
  values: (number | undefined)[]
  kind?: 'line' | 'area' | 'bars'
}

export type Chart = {
  title: string
  /** One sentence: what the chart shows. */
  caption: string
  /** Seconds since the start of the run. */
  at: number[]
  series: Series[]
  /** `hard`: a fault that the run caused on purpose. */
  marks?: { at: number; label: string; hard: boolean }[]
  scale?: 'linear' | 'logarithmic'
  unit: 'count' | 'ms' | 'cores' | 'MB'
  wide?: boolean
}

/** A figure with its legend and its data. `browser.js` draws the data with uPlot. */
export function chart({ title, caption, at, series, marks = [], scale = 'linear', unit, wide = false }: Chart): string {
  const values = series.map((one) => ({ ...one, values: one.values.map(plotted) }))
  const data = { at: at.map(plotted), series: values, marks, scale, unit }
  const description = htmlText(`${title}: ${caption}`)
  return `<figure class="card${wide ? ' wide' : ''}" data-chart="${htmlText(JSON.stringify(data))}">
<figcaption><h2>${htmlText(title)}</h2>${legend(series)}<p>${htmlText(caption)}</p></figcaption>
<div class="plot" role="img" aria-label="${description}"></div></figure>`
}

/** Five digits, which no screen can tell from more; uPlot leaves a gap at null. */
const plotted = (value: number | undefined) => (value === undefined ? null : Number(value.toPrecision(5)))

function legend(series: Series[]): string {
  const items = series.map(
    ({ name, colour }) => `<li><i style="background:var(--${colour})"></i>${htmlText(name)}</li>`,
  )
  return `<ul class="legend">${items.join('')}</ul>`
}
