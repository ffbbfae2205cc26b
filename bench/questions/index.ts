import type { Question } from '../harness/question.ts'
import { directed } from './directed.ts'
import { fanOut } from './fan-out.ts'
import { login } from './login.ts'
import { memory } from './memory.ts'
import { polling } from './polling.ts'
import { recovery } from './recovery.ts'
import { redisEgress } from './redis-egress.ts'
import { relogin } from './relogin.ts'
import { storm } from './storm.ts'
import { sustainedRate } from './sustained-rate.ts'
import { weakScaling } from './weak-scaling.ts'

/** In the order in which they run. */
export const questions: Question[] = [
  directed,
  sustainedRate,
  fanOut,
  redisEgress,
  weakScaling,
  login,
  relogin,
  storm,
  memory,
  polling,
  recovery,
]
