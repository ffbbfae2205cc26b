// `npm start`: runs one node, also in a fresh clone.
import { build } from './build.mjs'

build()
await import('../dist/main.js')
