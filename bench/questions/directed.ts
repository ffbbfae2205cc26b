import type { Question } from '../harness/question.ts'
import { directedFigures, exchangeDirected } from './exchange.ts'

const messagesPerSecond = 2000

export const directed: Question = {
  name: 'directed',
  about: `400 clients in rooms of 8 send each other acked messages of 500 characters, ${messagesPerSecond}/s in all; sender and receiver are on different nodes`,
  figures: directedFigures,
  cases: [2, 4, 8].map((nodes) => ({ nodes })),
  bothKinds: true,
  measure: (setting) => exchangeDirected(setting, { clients: 400, rate: messagesPerSecond }),
}
