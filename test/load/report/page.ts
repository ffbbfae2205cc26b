import { describeMachine } from '../machine.ts'
import type { LoadOptions } from '../options.ts'
import { ms } from '../progress.ts'
import type { Outcome } from '../run.ts'
import { sizingOf } from '../sizing.ts'
import { chartScript, chartStyle } from './assets.ts'
import { figures } from './figures.ts'
import { htmlText } from './html-text.ts'
import { style } from './style.ts'
import { checksTable, ledgerTable, sizingTable, timesTable } from './tables.ts'

export type Report = { options: LoadOptions; outcome: Outcome; local: boolean; targets: readonly string[]; when: Date }

/** The report as an HTML page without external resources. */
export function page(report: Report): string {
  const { options, outcome, when } = report
  const { name, about } = options.scenario
  const title = about.charAt(0).toUpperCase() + about.slice(1)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Signalbox under load: ${htmlText(name)}, ${when.toISOString().slice(0, 16)}</title>
<style>${chartStyle()}${style}</style></head><body><main>
<header><p class="kind">Signalbox under load · ${htmlText(name)} · ${htmlText(when.toUTCString())}</p>
<h1>${htmlText(title)}</h1>
${verdict(outcome)}</header>
${tiles(outcome)}
${figures(outcome).join('\n')}
${ledgerTable(outcome)}
<div class="column">${timesTable(outcome)}${sizingTable(sizingOf(outcome))}${checksTable(outcome)}</div>
${footer(report)}
</main><script>${chartScript()}</script></body></html>
`
}

const signs = {
  right: '<path d="m13 21 5 5 10-11"/>',
  wrong: '<path d="m14 14 12 12m0-12-12 12"/>',
  slow: '<path d="M20 11v10l6 4"/>',
  empty: '<path d="M13 20h14"/>',
}

function verdict({ verdict, totals, seconds }: Outcome): string {
  const { counts, peak } = totals
  const sign = `<svg viewBox="0 0 40 40" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="20" cy="20" r="17.5"/>${signs[verdict.kind]}</svg>`
  const number = (value: number) => value.toLocaleString('en')
  const back = counts.returns > 0 ? `, ${number(counts.returns)} of ${number(counts.cuts)} sessions resumed` : ''
  const sent = counts.sent > 0 ? `${number(counts.sent)} messages, ` : ''
  const all = `${sent}${number(counts.delivered)} receipts, up to ${number(peak.users)} users at a time, ${Math.round(seconds)} s${back}`
  return `<div class="verdict ${verdict.kind}">${sign}<div><strong>${htmlText(verdict.summary)}</strong><span>${all}</span></div></div>`
}

function tiles({ totals, rows, usage }: Outcome): string {
  const { times, counts } = totals
  const peakOf = (pick: (row: Outcome['rows'][number]) => number) => Math.round(Math.max(0, ...rows.map(pick)))
  const tile = (name: string, value: string, small: string) =>
    `<div class="card"><dt>${name}</dt><dd>${htmlText(value)}<small>${htmlText(small)}</small></dd></div>`
  const { delivery, enter, back, setup } = times
  const nodes = usage.map((row) => row.nodes.reduce((sum, { cores }) => sum + cores, 0))
  return `<dl class="tiles">${[
    delivery && tile('Received within', ms(delivery.p99), `99 %; half within ${ms(delivery.p50)}`),
    back && tile('Resumed within', ms(back.p99), `99 %; half within ${ms(back.p50)}`),
    setup && tile('A call set up within', ms(setup.p99), `99 %; half within ${ms(setup.p50)}`),
    enter && tile('Logged in within', ms(enter.p99), `99 %; half within ${ms(enter.p50)}`),
    counts.sent > 0 &&
      tile(
        'Receipts',
        `${peakOf(({ perSecond }) => perSecond.delivered).toLocaleString('en')}/s`,
        `in the busiest second; ${peakOf(({ perSecond }) => perSecond.sent)} sent`,
      ),
    nodes.length > 1 &&
      tile('All nodes together', `${Math.max(...nodes).toFixed(2)} cores`, 'at most, over two seconds'),
  ]
    .filter((text) => typeof text === 'string')
    .join('')}</dl>`
}

function footer({ options, local, targets }: Report): string {
  const { scenario, duration, users, rate } = options
  const usersOption = scenario.users === undefined ? '' : ` --users ${users}`
  const target = local ? '' : ` --target ${targets.join(',')}`
  const setting = local
    ? 'three nodes, their Redis and the load generator on one machine'
    : `against ${targets.join(', ')}; the load came from`
  return `<footer><code>npm run load -- ${htmlText(`${scenario.name}${usersOption} --rate ${rate} --duration ${duration}${target}`)}</code><br>${htmlText(`${setting}: ${describeMachine()}`)}</footer>`
}
