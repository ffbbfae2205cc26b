import { existsSync, readFileSync, renameSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** A module that asks where it is gets the answer that it would get outside the bundle. */
const locations: Plugin = {
  name: 'locations',
  setup({ onLoad }) {
    onLoad({ filter: /\.[cm]?[jt]s$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll(/\b__dirname\b/g, JSON.stringify(dirname(path)))
        .replaceAll(/\b__filename\b/g, JSON.stringify(path))
      return contents === text ? undefined : { contents, loader: extname(path).endsWith('ts') ? 'ts' : 'js' }
    })
  },
}

const requireOfNode = "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)"

const made = new Map<string, Promise<void>>()

/**
 * Makes one file of a program and its packages. It starts with a third of the CPU time, because Node loads one module instead
 * of a thousand, and the tests start hundreds of nodes. Several workers may make the same file at the same time.
 */
export function bundle(entry: string, outfile: string): Promise<void> {
  const making = made.get(outfile) ?? make(entry, outfile)
  made.set(outfile, making)
  return making
}

async function make(entry: string, outfile: string): Promise<void> {
  if (existsSync(outfile)) return
  const unfinished = `${outfile}.${process.pid}`
  await build({
    entryPoints: [entry],
    outfile: unfinished,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    banner: { js: requireOfNode },
    plugins: [locations],
    logLevel: 'warning',
  })
  renameSync(unfinished, outfile)
}
