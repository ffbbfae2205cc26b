/** What happens on the page when one points at a chart: a line, and the values at that moment. Runs in the browser. */
export const pointer = `
for (const figure of document.querySelectorAll('[data-chart]')) {
  const { at, x, rows } = JSON.parse(figure.dataset.chart), svg = figure.querySelector('svg'), line = svg.querySelector('.cursor')
  const tip = document.createElement('div'); tip.className = 'tip'; tip.hidden = true; figure.append(tip)
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect(), zoom = box.width / svg.viewBox.baseVal.width, px = (event.clientX - box.left) / zoom
    let near = 0
    x.forEach((value, index) => { if (Math.abs(value - px) < Math.abs(x[near] - px)) near = index })
    line.setAttribute('x1', x[near]); line.setAttribute('x2', x[near]); line.style.visibility = 'visible'
    tip.replaceChildren(Object.assign(document.createElement('div'), { textContent: at[near] + ' s' }), ...rows.map(({ name, colour, values }) => {
      const row = document.createElement('div'), swatch = document.createElement('i'), value = document.createElement('b')
      swatch.style.background = 'var(--' + colour + ')'; value.textContent = values[near]; row.append(swatch, name + ' ', value); return row
    }))
    tip.hidden = false
    const side = x[near] * zoom + 18 + svg.offsetLeft
    tip.style.left = Math.min(side || x[near] * zoom + 18, figure.clientWidth - tip.offsetWidth - 8) + 'px'; tip.style.bottom = '40px'
  })
  svg.addEventListener('pointerleave', () => { tip.hidden = true; line.style.visibility = 'hidden' })
}
`
