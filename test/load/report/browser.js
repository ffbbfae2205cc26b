// Runs on the page of a report: draws the data of each figure with uPlot. `script.ts` bundles it into the page.
import uPlot from 'uplot'
import { ms } from '../progress.ts'

const heightPx = 210

const formats = {
  count: (value) => (value >= 10_000 ? `${+(value / 1000).toFixed(1)} k` : `${+value.toFixed(1)}`),
  ms: (value) => ms(value).replace('.0', ''),
  cores: (value) => `${+value.toFixed(3)}`,
  MB: (value) => `${Math.round(value)} MB`,
}

/** A colour of the page's style, which is another in the dark. */
const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

function seriesOf({ name, colour, kind = 'line' }) {
  const stroke = () => colourOf(colour)
  if (kind === 'bars') {
    return { label: name, fill: stroke, paths: uPlot.paths.bars({ size: [0.9, 8, 3] }), points: { show: false } }
  }
  return {
    label: name,
    stroke,
    width: 2,
    ...(kind === 'area' ? { fill: () => `${colourOf(colour)}29` } : {}),
    points: { show: false, filter: isolated, size: 5, fill: stroke },
  }
}

/** A moment between two gaps is a line without length: it is drawn as a point. */
function isolated(plot, seriesIndex) {
  const values = plot.data[seriesIndex]
  const isGap = (index) => values[index] === null || values[index] === undefined
  return values.flatMap((_, index) => (!isGap(index) && isGap(index - 1) && isGap(index + 1) ? [index] : []))
}

function axis(values, rest = {}) {
  const line = { stroke: () => colourOf('rule'), width: 1 }
  return {
    stroke: () => colourOf('soft'),
    font: '11.5px system-ui, sans-serif',
    values,
    grid: line,
    ticks: line,
    ...rest,
  }
}

function powersOfTen(_plot, _axis, min, max) {
  const [low, high] = [min, max].map((value) => Math.round(Math.log10(value)))
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
}

/** Draws the events of the run as dashed lines, with their names where the chart is wide. */
function drawMarks(plot, marks, named) {
  const { ctx, bbox } = plot
  const { pxRatio } = uPlot
  ctx.save()
  ctx.font = `${11.5 * pxRatio}px system-ui, sans-serif`
  ctx.setLineDash([3 * pxRatio, 3 * pxRatio])
  for (const { at, label, hard } of marks) {
    const x = plot.valToPos(at, 'x', true)
    ctx.strokeStyle = ctx.fillStyle = colourOf(hard ? 'fault' : 'faint')
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const isRoomLeft = x + ctx.measureText(label).width < bbox.left + bbox.width
    if (named && isRoomLeft) ctx.fillText(label, x + 7 * pxRatio, bbox.top + 10 * pxRatio)
  }
  ctx.restore()
}

/** The values at the cursor, beside it. */
function tooltip({ series, marks }, format) {
  const tip = Object.assign(document.createElement('div'), { className: 'tip', hidden: true })
  const row = (text, value = '', colour = '') => {
    const [line, swatch, number] = ['div', 'i', 'b'].map((name) => document.createElement(name))
    swatch.style.background = colour && `var(--${colour})`
    number.textContent = value
    line.append(...(colour ? [swatch] : []), `${text} `, number)
    return line
  }
  return {
    init: (plot) => plot.over.append(tip),
    setCursor(plot) {
      const { idx, left } = plot.cursor
      tip.hidden = typeof idx !== 'number' || !plot.over.matches(':hover')
      if (tip.hidden) return
      const at = plot.data[0][idx]
      const near = marks.filter((mark) => Math.abs(mark.at - at) <= 0.5)
      const values = series.map(({ name, colour, values }) => {
        const value = values[idx]
        return row(name, value === null ? '–' : format(value), colour)
      })
      tip.replaceChildren(row(`${Math.round(at)} s`), ...values, ...near.map(({ label }) => row(label)))
      tip.style.left = `${Math.max(0, Math.min(left + 14, plot.over.clientWidth - tip.offsetWidth))}px`
    },
  }
}

const linear = { range: (_plot, _min, max) => [0, max > 0 ? uPlot.rangeNum(0, max, 0.1, true)[1] : 1] }
const logarithmic = {
  distr: 3,
  range: (_plot, min, max) => uPlot.rangeLog(Math.min(min ?? 1, 1), Math.max(max ?? 10, 10), 10, true),
}

function draw(figure) {
  const data = JSON.parse(figure.dataset.chart)
  const { at, series, marks, scale, unit } = data
  const format = formats[unit]
  const box = figure.querySelector('.plot')
  const { init, setCursor } = tooltip(data, format)
  const isLogarithmic = scale === 'logarithmic'
  const plot = new uPlot(
    {
      width: box.clientWidth,
      height: heightPx,
      legend: { show: false }, // the figure has one
      cursor: { sync: { key: 'run' }, y: false, points: { size: 7 } },
      scales: {
        x: { time: false },
        y: isLogarithmic ? logarithmic : linear,
      },
      axes: [
        axis((_plot, ticks) => ticks.map((tick) => `${+tick.toFixed(1)} s`), { grid: { show: false }, size: 32 }),
        axis((_plot, ticks) => ticks.map((tick) => (tick === null ? '' : format(tick))), {
          size: 62,
          ...(isLogarithmic ? { splits: powersOfTen } : {}),
        }),
      ],
      series: [{}, ...series.map(seriesOf)],
      hooks: {
        init: [init],
        setCursor: [setCursor],
        drawClear: [(drawn) => drawMarks(drawn, marks, figure.classList.contains('wide'))],
      },
    },
    [at, ...series.map(({ values }) => values)],
    box,
  )
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: heightPx })).observe(box)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot.redraw())
}

for (const figure of document.querySelectorAll('[data-chart]')) draw(figure)
