import type { Entry } from '../../core/model.ts'
import type { RenderedEvent } from '../../gateway/dialect.ts'

/** Who else comes and goes is nothing that OWT's clients are told. */
export function render(entry: Entry): RenderedEvent | undefined {
  switch (entry.event) {
    case 'text':
      return ['owt-message', entry.data]
    case 'message': {
      const { event, data } = entry.data as { event: string; data: unknown }
      return [event, data]
    }
    case 'drop':
      return ['drop']
    default:
      return undefined
  }
}
