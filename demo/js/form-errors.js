import { byId } from './element.js'
import { sentenceOf } from './messages.js'

/** Says below a field what is wrong with it, or that nothing is. Returns the field if something is. */
export function complain(field, complaint = '') {
  byId(field.getAttribute('aria-describedby')).textContent = complaint
  if (complaint === '') field.removeAttribute('aria-invalid')
  else field.setAttribute('aria-invalid', 'true')
  return complaint === '' ? undefined : field
}

/** A complaint goes as soon as something is done about it. */
export function forgive(...fields) {
  for (const field of fields) field.addEventListener('input', () => complain(field))
}

/** While something is done that a form asked for, it cannot be asked for again; what goes wrong stands below. */
export async function submit(button, problem, doing, act) {
  if (button.disabled) return
  const said = button.textContent
  problem.textContent = ''
  button.disabled = true
  button.textContent = doing
  try {
    await act()
  } catch (error) {
    problem.textContent = sentenceOf(error)
  } finally {
    button.disabled = false
    button.textContent = said
  }
}
