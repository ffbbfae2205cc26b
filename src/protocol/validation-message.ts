import type { TLocalizedValidationError } from 'typebox/error'

/**
 * Describes the errors of a request in the words of OWT's portal, which are those of ajv 6:
 * `request.media.tracks[0].type should be equal to one of the allowed values ["audio","video"]` (docs/owt.md#validation-messages).
 */
export function validationMessageOf(errors: readonly TLocalizedValidationError[]): string {
  const specific = errors.filter(({ keyword }) => !['anyOf', 'boolean', 'oneOf'].includes(keyword))
  const alternatives = errors.length > specific.length && errors.some(({ keyword }) => keyword === 'anyOf')
  const missing = missingInAll(specific)
  if (missing !== undefined) return `request ${lacks(`.${missing}`)}`
  const sentences = (alternatives ? specific : specific.slice(0, 1)).map(sentence)
  return [...new Set(sentences)].join(',') || 'request is not valid'
}

/** The missing property that every alternative requires. ajv 6 checks it before the alternatives, and names it with a dot. */
function missingInAll(errors: readonly TLocalizedValidationError[]): string | undefined {
  const required = new Map<string, string[]>()
  for (const error of errors) {
    const [alternative] = /^#\/anyOf\/\d+/.exec(error.schemaPath) ?? []
    if (alternative === undefined) return undefined
    const isRequired = error.keyword === 'required' && error.schemaPath === alternative
    const missing = isRequired ? error.params.requiredProperties : []
    required.set(alternative, [...(required.get(alternative) ?? []), ...missing])
  }
  const [first = [], ...others] = required.values()
  return first.find((name) => others.every((names) => names.includes(name)))
}

function lacks(name: string): string {
  return `should have required property '${name}' ${JSON.stringify(name)}`
}

function sentence(error: TLocalizedValidationError): string {
  const { text, quoted } = textOf(error)
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
  return `request${path} ${text}${quoted === undefined ? '' : ` ${JSON.stringify(quoted)}`}`
}

function textOf(error: TLocalizedValidationError): { text: string; quoted?: unknown } {
  switch (error.keyword) {
    case 'required': {
      const [missing = ''] = error.params.requiredProperties
      return { text: `should have required property '${missing}'`, quoted: missing }
    }
    case 'additionalProperties': {
      const [extra = ''] = error.params.additionalProperties
      return { text: 'should NOT have additional properties', quoted: extra }
    }
    case 'enum':
      return { text: 'should be equal to one of the allowed values', quoted: error.params.allowedValues }
    case 'const':
      return { text: 'should be equal to constant', quoted: error.params.allowedValue }
    case 'type':
      return { text: `should be ${[error.params.type].flat().join(',')}`, quoted: [error.params.type].flat().join(',') }
    case 'minLength':
      return { text: `should NOT be shorter than ${error.params.limit} characters`, quoted: error.params.limit }
    case 'maxLength':
      return { text: `should NOT be longer than ${error.params.limit} characters`, quoted: error.params.limit }
    default:
      return { text: error.message.replace(/^must /, 'should ') }
  }
}
