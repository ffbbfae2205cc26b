import type { Question } from '../harness/question.ts'
import { numberOf } from '../harness/work.ts'
import { directedFigures, exchangeDirected } from './exchange.ts'

const messagesPerNode = 200

export const weakScaling: Question = {
  name: 'weak-scaling',
  about: `directed acked messages between 64 clients on each node, ${messagesPerNode}/s on each node: whether a message costs more when there are more nodes`,
  figures: directedFigures,
  cases: [2, 4, 8].map((nodes) => ({ nodes })),
  measure: (setting) => {
    const nodes = numberOf(setting, 'nodes')
    return exchangeDirected(setting, { clients: 64 * nodes, rate: messagesPerNode * nodes })
  },
}
