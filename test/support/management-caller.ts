import { owtSignature } from '../../src/core/auth/keyring.ts'
import { newId } from '../../src/core/ids.ts'

/** The management keys of these tests' nodes. The third replaces the second. */
export const keys = {
  service: 'the key of the first backend',
  old: 'the old key of another backend',
  new: 'the new key of the other backend',
}
export const managementKeys = `service:${keys.service},other:${keys.old},other:${keys.new}`

export type Answer = { status: number; type: string; headers: Headers; text: string; body: unknown }

export type Request = { body?: unknown; headers?: { [name: string]: string }; raw?: string }

/** OWT's header, signed now (docs/owt.md#mauth). */
export function mauth(key: string = keys.service, changes: { [field: string]: string | undefined } = {}): string {
  const { id = 'service', cnonce = newId(), timestamp = `${Date.now()}`, username, role } = changes
  const parts = [timestamp, cnonce, ...(username && role ? [username, role] : [])]
  const fields: { [field: string]: string | undefined } = {
    signature_method: 'HMAC_SHA256',
    serviceid: id,
    cnonce,
    timestamp,
    username,
    role,
    signature: owtSignature(key, parts),
    ...(changes.signature === undefined ? {} : { signature: changes.signature }),
    ...(changes.signature_method === undefined ? {} : { signature_method: changes.signature_method }),
  }
  const header = Object.entries(fields).flatMap(([name, value]) => (value ? [`mauth_${name}=${value}`] : []))
  return `MAuth realm=http://marte3.dit.upm.es,${header.join(',')}`
}

/** Sends requests with the key as bearer, unless `headers` has another authorization. */
export function caller(url: string) {
  return async (method: string, path: string, { body, headers = {}, raw }: Request = {}): Promise<Answer> => {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${keys.service}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
    })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    return {
      status: response.status,
      type,
      headers: response.headers,
      text,
      body: type.includes('json') ? JSON.parse(text) : text,
    }
  }
}

/** Sends requests as OWT's REST client does: each with a new signed header, and a content type also without a body. */
export function owtCaller(url: string) {
  const call = caller(url)
  return (method: string, path: string, body?: unknown): Promise<Answer> =>
    call(method, path, {
      ...(body === undefined ? {} : { body }),
      headers: {
        authorization: mauth(),
        'content-type': body === undefined ? 'text/plain;charset=UTF-8' : 'application/json',
      },
    })
}

export const error = (status: number, code: number, message?: string) => ({
  status,
  body: { error: { code, message: message ?? anyText } },
})

/** As vitest's expect.any(String). */
const anyText = { asymmetricMatch: (value: unknown) => typeof value === 'string' && value !== '' }
