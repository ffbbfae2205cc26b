import { byId, element, icon } from './element.js'

/**
 * Shows a sentence at the top of the page until the user closes it. Notices that report progress, and not a problem,
 * disappear after `seconds`.
 */
export function notice(text, { kind = 'problem', seconds } = {}) {
  const list = byId('notices')
  for (const shown of list.children) if (shown.dataset.text === text) shown.remove()
  const close = element(
    'button',
    { type: 'button', className: 'quiet', 'aria-label': 'Close this message' },
    icon('close'),
  )
  const shown = element(
    'div',
    { className: `notice ${kind}`, role: kind === 'problem' ? 'alert' : 'status', 'data-text': text },
    icon(kind === 'announcement' ? 'announcement' : kind === 'problem' ? 'warning' : 'signal'),
    element('p', {}, text),
    close,
  )
  close.addEventListener('click', () => shown.remove())
  list.append(shown)
  while (list.children.length > 3) list.firstElementChild.remove()
  if (seconds) setTimeout(() => shown.remove(), seconds * 1000)
  return { close: () => shown.remove() }
}
