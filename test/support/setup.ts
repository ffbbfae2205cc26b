import { afterAll, afterEach } from 'vitest'
import { endAll } from './ends.ts'

afterEach(() => endAll('test'))
afterAll(() => endAll('file'))
