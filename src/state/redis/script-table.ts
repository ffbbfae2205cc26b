/**
 * The parts of scripts: `lua/_<name>.lua`, with the parts whose functions each one uses. A part is in front of the scripts that
 * name it, after the parts that it uses.
 */
export const parts = {
  refusal: [],
  clock: [],
  memory: [],
  window: ['clock', 'memory'],
  lineage: ['clock', 'memory'],
  entry: ['clock', 'lineage'],
  write: ['refusal'],
  tickets: [],
  generation: ['clock'],
  expiry: ['clock'],
  takeover: ['lineage', 'generation'],
  json: [],
  media: ['json'],
  deadline: ['clock', 'refusal'],
  once: [],
} as const satisfies { [part: string]: readonly string[] }

export type LuaPart = keyof typeof parts

/**
 * Why a second execution of a script is harmless. When a connection breaks before the answer, the node sends the script again,
 * and Redis may execute both copies.
 * - `idempotent`: the second execution leaves an equally valid state, which its answer describes.
 * - `by_op`: the caller passes an operation id, which the participant's session stores.
 * - `remembered`: a second execution would change something or answer wrongly. `_once.lua` stores the first answer for later
 *   copies.
 */
type Repeat = 'idempotent' | 'by_op' | 'remembered'

export type Script = {
  /** How many keys it takes; `any`: as many as are given. */
  keys: number | 'any'
  /** The parts whose functions it calls. `deadline` and `repeat` name the parts `deadline` and `once`. */
  uses: readonly LuaPart[]
  repeat: Repeat
  /** It takes the deadline of the request that it serves, after its own arguments. Other scripts are executed however late. */
  deadline?: true
  /** Redis executes it while its memory is full, because it continues or ends what exists. It always writes. */
  allowOom?: true
}

/** Every script. The file is `lua/<name>.lua`; its header is its contract. */
export const scripts = {
  append: { keys: 6, uses: ['refusal', 'entry', 'write'], repeat: 'by_op', deadline: true },
  announce: { keys: 5, uses: ['refusal', 'entry'], repeat: 'remembered', deadline: true },
  'record-reply': { keys: 2, uses: ['write'], repeat: 'by_op', deadline: true },
  join: { keys: 9, uses: ['refusal', 'lineage', 'entry', 'generation'], repeat: 'idempotent', deadline: true },
  resume: { keys: 6, uses: ['refusal', 'tickets', 'takeover'], repeat: 'idempotent', deadline: true, allowOom: true },
  rejoin: { keys: 7, uses: ['refusal', 'takeover'], repeat: 'idempotent', deadline: true, allowOom: true },
  'renew-ticket': { keys: 1, uses: ['refusal', 'tickets'], repeat: 'idempotent', deadline: true, allowOom: true },
  'confirm-ticket': { keys: 2, uses: ['tickets'], repeat: 'idempotent', allowOom: true },
  detach: { keys: 2, uses: [], repeat: 'idempotent', allowOom: true },
  'session-states': { keys: 'any', uses: ['memory'], repeat: 'idempotent' },
  reclaim: { keys: 1, uses: [], repeat: 'remembered', deadline: true, allowOom: true },
  leave: {
    keys: 9,
    uses: ['refusal', 'entry', 'media', 'expiry'],
    repeat: 'remembered',
    deadline: true,
    allowOom: true,
  },
  'catch-up-seq': { keys: 3, uses: ['lineage'], repeat: 'idempotent' },
  restore: {
    keys: 7,
    uses: ['lineage', 'entry', 'generation', 'tickets', 'json'],
    repeat: 'idempotent',
    allowOom: true,
  },
  change: { keys: 6, uses: ['refusal', 'entry', 'write', 'json'], repeat: 'by_op', deadline: true },
  unpublish: { keys: 8, uses: ['refusal', 'entry', 'write', 'media'], repeat: 'by_op', deadline: true },
  heartbeat: { keys: 1, uses: ['clock'], repeat: 'remembered', allowOom: true },
  'register-node': { keys: 1, uses: [], repeat: 'idempotent', allowOom: true },
  'track-rooms': { keys: 1, uses: [], repeat: 'idempotent', allowOom: true },
  'older-than': { keys: 1, uses: ['clock', 'memory'], repeat: 'idempotent' },
  'open-window': { keys: 2, uses: ['window'], repeat: 'idempotent', allowOom: true },
  'restore-window': { keys: 1, uses: [], repeat: 'idempotent', allowOom: true },
  'expired-windows': { keys: 2, uses: ['clock', 'window'], repeat: 'idempotent' },
  'remove-if-unchanged': { keys: 1, uses: [], repeat: 'idempotent', allowOom: true },
  'keep-listed': { keys: 1, uses: [], repeat: 'idempotent', allowOom: true },
  'count-open-room': { keys: 2, uses: ['clock'], repeat: 'remembered', deadline: true, allowOom: true },
  'add-room': { keys: 1, uses: ['clock'], repeat: 'idempotent' },
  unconfigure: { keys: 4, uses: ['expiry'], repeat: 'remembered', deadline: true, allowOom: true },
  configure: { keys: 1, uses: [], repeat: 'remembered', deadline: true },
  'admin-member': { keys: 4, uses: ['entry'], repeat: 'remembered', deadline: true },
  'admin-stream': { keys: 6, uses: ['entry', 'media'], repeat: 'remembered', deadline: true },
  'claim-nonce': { keys: 2, uses: ['clock', 'lineage'], repeat: 'remembered', deadline: true, allowOom: true },
  claim: { keys: 1, uses: [], repeat: 'idempotent', allowOom: true },
} as const satisfies { [name: string]: Script }

export type ScriptName = keyof typeof scripts
