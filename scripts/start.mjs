// `npm start`: one node, on a fresh clone too.
import { build } from './build.mjs'

build()
await import('../dist/main.js')
