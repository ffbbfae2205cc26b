import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** What draws the charts, as one script without imports. */
export function chartScript(): string {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('browser.js', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'none',
    write: false,
  })
  return outputFiles
    .map(({ text }) => text)
    .join('')
    .replaceAll('</script', '<\\/script')
}

/** uPlot's own style sheet. */
export function chartStyle(): string {
  return readFileSync(createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'), 'utf8')
}
