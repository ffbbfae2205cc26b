import { items, type Read } from './option.ts'

const minSecretLength = 32

/** The first key signs, and all of them verify. */
export const secretKeys: Read<string[]> = (value, complain) => {
  const keys = items(value, complain)
  for (const [index, { length }] of keys.entries()) {
    if (length >= minSecretLength) continue
    const which = keys.length === 1 ? 'the key' : `key ${index + 1} of ${keys.length}`
    complain(`${which} ('****') has ${length} characters: at least ${minSecretLength} are needed`)
  }
  return keys
}

export type ManagementKey = { id: string; key: string }

export const minManagementKeyLength = 16

/** Several entries may have the same id, so that an operator can replace a key. */
export const managementKeys: Read<ManagementKey[]> = (value, complain) => {
  const entries = items(value, complain)
  const keys = entries.map((entry) => {
    const [, id = '', key = ''] = /^([0-9A-Za-z_-]{1,64}):(.+)$/.exec(entry) ?? []
    return { id, key }
  })
  const numberOf = (index: number) => `entry ${index + 1} of ${keys.length} ('****')`
  for (const [index, { id, key }] of keys.entries()) {
    if (key === '') complain(`${numberOf(index)} is not id:key with an id of 0-9A-Za-z_-`)
    else if (keys.findIndex((other) => other.id === id && other.key === key) < index) {
      complain(`${numberOf(index)} is there twice, with the id ${id} and the same key`)
    }
  }
  return keys
}
