import { byId } from './element.js'
import { sentenceOf } from './messages.js'

/** Shows an error below a field, or removes it if `error` is empty. @returns the field if there is an error */
export function showError(field, error = '') {
  byId(field.getAttribute('aria-describedby')).textContent = error
  if (error === '') field.removeAttribute('aria-invalid')
  else field.setAttribute('aria-invalid', 'true')
  return error === '' ? undefined : field
}

/** Removes the error of a field as soon as the user edits it. */
export function clearErrorsOnInput(...fields) {
  for (const field of fields) field.addEventListener('input', () => showError(field))
}

/** Runs the action of a form. Its button is disabled meanwhile; a failure is shown in `problem`. */
export async function submit(button, problem, busyLabel, act) {
  if (button.disabled) return
  const label = button.textContent
  problem.textContent = ''
  button.disabled = true
  button.textContent = busyLabel
  try {
    await act()
  } catch (error) {
    problem.textContent = sentenceOf(error)
  } finally {
    button.disabled = false
    button.textContent = label
  }
}
