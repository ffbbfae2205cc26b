import { Type } from 'typebox'
import { NodeBody } from '../../protocol/management.ts'
import { type Api, type ApiServices, errorResponses } from './api.ts'

export function nodes(api: Api, { queries }: ApiServices): void {
  api.get(
    '/nodes',
    {
      schema: {
        tags: ['nodes'],
        summary: 'Lists the living nodes',
        response: { 200: Type.Array(NodeBody), ...errorResponses },
      },
    },
    async () => queries.nodes(),
  )
}
