/** What Node.js writes with `--cpu-prof`. Times are in µs. */
export type CpuProfile = {
  nodes: { id: number; callFrame: CallFrame }[]
  samples: number[]
  timeDeltas: number[]
}

type CallFrame = { functionName: string; url: string; lineNumber: number }

/** Self times, µs, without the time in which the process was idle. */
export type SelfTimes = { modules: Map<string, number>; functions: Map<string, number> }

/** @param skipMicroseconds how much of the profile's beginning does not count */
export function selfTimesOf({ nodes, samples, timeDeltas }: CpuProfile, skipMicroseconds: number): SelfTimes {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const modules = new Map<string, number>()
  const functions = new Map<string, number>()
  let at = 0
  samples.forEach((id, index) => {
    const time = timeDeltas[index] ?? 0
    at += time
    const frame = frames.get(id)
    if (!frame || at < skipMicroseconds || frame.functionName === '(idle)') return
    const module = moduleOf(frame)
    add(modules, module, time)
    add(functions, functionOf(frame, module), time)
  })
  return { modules, functions }
}

function add(sums: Map<string, number>, name: string, time: number): void {
  sums.set(name, (sums.get(name) ?? 0) + time)
}

/** A package, a module of Node.js, a file of the build, or what V8 calls itself, as `(garbage collector)`. */
function moduleOf({ functionName, url }: CallFrame): string {
  const [, installed] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  if (installed !== undefined) return installed
  const [, own] = /\/dist\/(.*)/.exec(url) ?? []
  if (own !== undefined) return `dist/${own}`
  if (url !== '') return url
  return functionName.startsWith('(') ? functionName : 'native'
}

function functionOf({ functionName, url, lineNumber }: CallFrame, module: string): string {
  if (functionName.startsWith('(')) return functionName
  const [file = ''] = /[^/]*$/.exec(url) ?? []
  return `${functionName || 'anonymous'}  ${module} ${file}:${lineNumber + 1}`
}
