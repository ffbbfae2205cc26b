import { readFileSync } from 'node:fs'
import { requestTimeoutMs } from '../../core/deadline.ts'
import type { StoreLimits } from '../../core/ports/store.ts'
import { type LuaPart, parts, type Script } from './script-table.ts'

const read = (file: string) => readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8')

/** The Lua source of a script: flags, settings, the parts that it uses, and its own file. */
export function sourceOf(name: string, script: Script, limits: StoreLimits): string {
  // flags have to be the first line. Without this one Redis refuses the script's first write while its memory is full
  const flags = script.allowOom ? ['#!lua flags=allow-oom'] : []
  const uses = [...script.uses, ...(script.deadline ? parts.deadline : [])]
  const partSources = partsOf(uses).map((part) => read(`_${part}`))
  return [...flags, settings(limits), ...partSources, bodyOf(name, script)].join('\n')
}

/** The given parts and the parts that they use, in the order of the table. */
export function partsOf(uses: readonly LuaPart[]): LuaPart[] {
  const all = new Set<LuaPart>(uses.flatMap((part) => [...partsOf(parts[part]), part]))
  return (Object.keys(parts) as LuaPart[]).filter((part) => all.has(part))
}

function settings({ log, entries, window, lease }: StoreLimits): string {
  return [
    `local LOG_MS, LOG_MAX = ${log * 1000}, ${entries}`,
    `local WINDOW_MS, LEASE_MS = ${window * 1000}, ${lease * 1000}`,
    `local REQUEST_MS = ${requestTimeoutMs}`,
  ].join('\n')
}

/** The script's file with the code for the deadline and for remembered answers, as its row in the table says. */
function bodyOf(name: string, { repeat, deadline }: Script): string {
  const limited = [...(deadline ? [read('_deadline')] : []), read(name)].join('\n')
  if (repeat !== 'remembered') return limited
  return [read('_once'), 'local function perform()', limited, 'end', 'return remember(perform())'].join('\n')
}
