import { Type } from 'typebox'
import { NodeBody } from '../../protocol/management.ts'
import { type Api, type ApiServices, failures } from './api.ts'

export function nodes(api: Api, { queries }: ApiServices): void {
  api.get(
    '/nodes',
    { schema: { tags: ['nodes'], summary: 'Nodes that live', response: { 200: Type.Array(NodeBody), ...failures } } },
    async () => queries.nodes(),
  )
}
