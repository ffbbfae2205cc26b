// `npm run build:client`: builds the client for pages without a bundler, with socket.io-client included and without.
// `--dry-run` writes no files and only prints the sizes.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { install, root } from './bootstrap.mjs'

install()

const variants = [
  { name: 'signalbox-client.min.js', external: ['socket.io-client'], description: 'without socket.io-client' },
  { name: 'signalbox-client.bundle.min.js', external: [], description: 'with socket.io-client' },
]
for (const { name, external, description } of variants) {
  const outfile = join(root, 'dist/client', name)
  const { outputFiles } = await build({
    entryPoints: [join(root, 'src/client/index.ts')],
    outfile,
    external,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'warning',
    write: false,
  })
  if (!process.argv.includes('--dry-run')) await write(outputFiles)
  const { contents: code } = outputFiles.find(({ path }) => path === outfile)
  console.log(`${name} (${description}): ${kB(code)}, ${kB(gzipSync(code))} gzipped`)
}

async function write(files) {
  await mkdir(join(root, 'dist/client'), { recursive: true })
  await Promise.all(files.map(({ path, contents }) => writeFile(path, contents)))
}

function kB({ length }) {
  return `${(length / 1000).toFixed(1)} kB`
}
