import type { Entry } from '../../core/model.ts'
import type { RenderedEvent } from '../../gateway/dialect.ts'
import { renderShared } from '../shared/render.ts'

/** The notification of an entry. OWT's P2P has no presence, so joins and leaves are not sent. */
export function render(entry: Entry): RenderedEvent | undefined {
  switch (entry.event) {
    case 'text':
      return ['owt-message', entry.data]
    default:
      return renderShared(entry)
  }
}
