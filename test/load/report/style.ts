/** The style of the page, light and dark. Percentiles have three shades of one colour, counters have other colours. */
export const style = `
:root { color-scheme: light dark; --page:#f6f5f1; --card:#fff; --ink:#16181d; --soft:#5a5f6a; --faint:#9a9fa9; --rule:#e4e2db;
  --p50:#8fc1f5; --p95:#3b8ae0; --p99:#12458c; --one:#2a78d6; --two:#e07a2e; --three:#159a6c; --four:#8a5bd6; --fault:#d64545;
  --good:#0f8a5f; --good-soft:#e3f4ec; --bad:#c43131; --bad-soft:#fbe8e6; --slow:#a86400; --slow-soft:#fbf0da; }
@media (prefers-color-scheme: dark) { :root { --page:#101216; --card:#181b21; --ink:#eceef2; --soft:#a5abb7; --faint:#6d7482; --rule:#2a2f38;
  --p50:#2d5f9c; --p95:#4f9cf0; --p99:#b5d8ff; --one:#4f9cf0; --two:#f0924a; --three:#35c08d; --four:#ad86f0; --fault:#ff7a70;
  --good:#3dcb95; --good-soft:#12291f; --bad:#ff8278; --bad-soft:#331a19; --slow:#f0b04a; --slow-soft:#2e2413; } }
* { box-sizing: border-box; margin: 0 }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; padding: 36px 20px 56px }
main { max-width: 1120px; margin: 0 auto; display: grid; grid-template-columns: 1fr 1fr; gap: 16px }
header, .wide, .tiles, footer { grid-column: 1 / -1 }
header p.kind { color: var(--soft); font-weight: 500 }
h1 { font-size: 34px; line-height: 1.2; letter-spacing: -.02em; margin: 2px 0 14px }
h2 { font-size: 15px; font-weight: 620 }
.verdict { display: flex; gap: 16px; align-items: center; padding: 16px 20px; border-radius: 12px; background: var(--tint); color: var(--tone) }
.verdict svg { flex: none; width: 40px; height: 40px }
.verdict strong { display: block; font-size: 21px; line-height: 1.3; letter-spacing: -.01em }
.verdict span { color: var(--ink) }
.right { --tone: var(--good); --tint: var(--good-soft) } .wrong { --tone: var(--bad); --tint: var(--bad-soft) }
.slow, .empty { --tone: var(--slow); --tint: var(--slow-soft) }
.column { display: grid; gap: 16px; align-content: start; min-width: 0 }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 16px }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 16px 18px; min-width: 0 }
.tiles dt { color: var(--soft); font-size: 13px } .tiles dd { font-size: 27px; font-weight: 600; letter-spacing: -.02em; line-height: 1.3 }
.tiles dd small { display: block; font-size: 13px; font-weight: 400; letter-spacing: 0; color: var(--soft) }
figure { position: relative; display: flex; flex-direction: column } figcaption { display: grid; grid-template-columns: 1fr auto; gap: 0 12px; margin-bottom: 8px }
figcaption p { grid-column: 1 / -1; color: var(--soft); font-size: 13px }
.legend { display: flex; flex-wrap: wrap; justify-content: end; gap: 2px 14px; list-style: none; padding: 0; font-size: 13px; color: var(--soft) }
.legend i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px; vertical-align: middle }
.plot { margin-top: auto; min-width: 0 }
.tip { position: absolute; bottom: 8px; z-index: 1; pointer-events: none; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 6px 10px;
  font-size: 12.5px; box-shadow: 0 4px 16px rgb(0 0 0 / .16); white-space: nowrap; font-variant-numeric: tabular-nums }
.tip b { font-weight: 600 } .tip i { display: inline-block; width: 8px; height: 8px; border-radius: 2px; margin-right: 6px }
table { width: 100%; border-collapse: collapse; font-size: 14px; margin-top: 8px } td, th { padding: 5px 0; border-top: 1px solid var(--rule); text-align: left; font-weight: 400; vertical-align: top }
tr:first-child > * { border-top: 0 } td:last-child, th.n { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; white-space: nowrap; padding-left: 12px }
td small { display: block; color: var(--soft) } .fault td:last-child { color: var(--bad) } .ok { color: var(--good) } .fail { color: var(--bad) } thead th { color: var(--soft); font-size: 13px }
ol { margin: 8px 0 0; padding-left: 20px; font-size: 13.5px } footer { color: var(--soft); font-size: 13px } footer code { font: 12.5px ui-monospace, Menlo, monospace }
@media (max-width: 760px) { main { grid-template-columns: 1fr } h1 { font-size: 26px } }
@media print { body { padding: 0 } .card { break-inside: avoid } }
`
