import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from './markdown.ts'

type Instruction = { name: string; rest: string }

/** What an image says beside its files. */
export type Image = {
  /** The folder that stands for `/`. */
  folder: string
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
  user: string
  env: { [name: string]: string }
}

/** Does in folders what Docker does in containers, line by line: FROM, ARG, ENV, WORKDIR, COPY, RUN, and the rest noted. */
export async function buildByHand(dockerfile: string, folder: string): Promise<Image> {
  const context = join(folder, 'context')
  copyContext(context)
  const [first = [], ...stages] = splitAtFrom(parse(readFileSync(join(root, dockerfile), 'utf8')))
  const args = Object.fromEntries(first.map(({ rest }) => rest.split('=')))
  const built = new Map<string, Promise<Image>>()
  for (const [index, [from, ...instructions]] of stages.entries()) {
    const [, name = String(index)] = / AS (\S+)$/.exec(from?.rest ?? '') ?? []
    built.set(name, buildStage(instructions, join(folder, name), { context, built, args }))
  }
  const [last] = [...built.values()].slice(-1)
  if (!last) throw new Error('No stages')
  await Promise.all(built.values())
  return last
}

type Surroundings = { context: string; built: Map<string, Promise<Image>>; args: { [name: string]: string } }

async function buildStage(instructions: Instruction[], folder: string, around: Surroundings): Promise<Image> {
  const image: Image = { folder, entrypoint: [], command: [], healthcheck: [], user: '', env: {} }
  let workdir = '/'
  mkdirSync(folder, { recursive: true })
  for (const { name, rest } of instructions) {
    if (name === 'WORKDIR') {
      workdir = rest
      mkdirSync(join(folder, workdir), { recursive: true })
    } else if (name === 'COPY') {
      const [, stage, paths = ''] = /^(?:--from=(\S+) )?(.+)$/.exec(rest) ?? []
      const from = stage === undefined ? around.context : (await around.built.get(stage))?.folder
      if (from === undefined) throw new Error(`COPY from ${stage}, which is not there`)
      copy(paths.split(' '), from, join(folder, workdir))
    } else if (name === 'RUN') await run(rest.replace(/^(--mount=\S+ )+/, ''), join(folder, workdir))
    else if (name === 'ENV') Object.assign(image.env, Object.fromEntries([rest.split('=')]))
    else if (name === 'USER') image.user = rest
    else if (name === 'ENTRYPOINT') image.entrypoint = JSON.parse(rest)
    else if (name === 'CMD') image.command = JSON.parse(rest)
    else if (name === 'HEALTHCHECK') image.healthcheck = JSON.parse(rest.replace(/^.* CMD /, ''))
    else if (!['ARG', 'LABEL', 'EXPOSE'].includes(name)) throw new Error(`${name} is not known here`)
  }
  return image
}

function parse(text: string): Instruction[] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  return lines.flatMap((line) => {
    const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    return name && rest ? [{ name, rest }] : []
  })
}

/** The first part is what stands before the first FROM. */
function splitAtFrom(instructions: Instruction[]): Instruction[][] {
  const parts: Instruction[][] = [[]]
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') parts.push([])
    parts.at(-1)?.push(instruction)
  }
  return parts
}

/** What .dockerignore leaves: it says `*`, and then what is wanted all the same. */
function copyContext(folder: string): void {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const [all, ...wanted] = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (all !== '*' || !wanted.every((line) => /^![\w./-]+$/.test(line)))
    throw new Error('.dockerignore is of another form')
  for (const path of wanted.map((line) => line.slice(1))) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path), { recursive: true })
  }
}

/** A folder's content, a file as it is; into a folder when that is there or is named with a slash, or under a new name. */
function copy(paths: string[], from: string, workdir: string): void {
  const target = join(workdir, paths.at(-1) ?? '')
  const intoFolder = paths.at(-1)?.endsWith('/') || (existsSync(target) && statSync(target).isDirectory())
  for (const source of paths.slice(0, -1).map((path) => join(from, path))) {
    const isFile = statSync(source).isFile()
    cpSync(source, isFile && intoFolder ? join(target, basename(source)) : target, { recursive: true })
  }
}

async function run(command: string, cwd: string): Promise<void> {
  const { PATH, HOME } = process.env // HOME has npm's cache
  // what the cache has is not asked for anew: by its integrity in the lockfile it is the same
  const env = { PATH, HOME, npm_config_prefer_offline: 'true' }
  const child = spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`RUN ${command} ended with ${code}:\n${said}`)
}
