import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const built = new Map([
  ['/', file('test/browser/pages/blank.html')],
  ['/client.js', file('dist/client/signalbox-client.bundle.min.js')],
  ['/socket.io.js', file('node_modules/socket.io-client/dist/socket.io.esm.min.js')],
])

const types: { [ending: string]: string } = { '.html': 'text/html', '.js': 'text/javascript' }

/** A web server with a blank page, the built client and the scripts of test/browser/pages, for the tests of a file. */
export function usePages(): { readonly url: string } {
  const server = createServer(async ({ url = '/' }, answer) => {
    const path = built.get(url) ?? file(`test/browser/pages${url}`)
    const content = await readFile(path).catch(() => undefined)
    answer.writeHead(content ? 200 : 404, { 'content-type': types[extname(path)] ?? 'application/octet-stream' })
    answer.end(content)
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    },
  }
}
