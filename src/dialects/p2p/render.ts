import type { Entry } from '../../core/model.ts'
import type { RenderedEvent } from '../../gateway/dialect.ts'
import { renderShared } from '../shared/render.ts'

/** Who else comes and goes is nothing that OWT's clients are told. */
export function render(entry: Entry): RenderedEvent | undefined {
  switch (entry.event) {
    case 'text':
      return ['owt-message', entry.data]
    default:
      return renderShared(entry)
  }
}
