import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from './markdown.ts'

type Instruction = { name: string; rest: string }

/** The folder and the settings of an image. */
export type Image = {
  /** The folder that has the files of `/`. */
  folder: string
  entrypoint: string[]
  command: string[]
  healthcheck: string[]
  user: string
  env: { [name: string]: string }
}

/** Builds an image without Docker: performs FROM, ARG, ENV, WORKDIR, COPY and RUN in folders, and records the other instructions. */
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
  if (!last) throw new Error(`${dockerfile} has no FROM`)
  await Promise.all(built.values())
  return last
}

type BuildInputs = { context: string; built: Map<string, Promise<Image>>; args: { [name: string]: string } }

async function buildStage(instructions: Instruction[], folder: string, inputs: BuildInputs): Promise<Image> {
  const image: Image = { folder, entrypoint: [], command: [], healthcheck: [], user: '', env: {} }
  let workdir = '/'
  mkdirSync(folder, { recursive: true })
  for (const { name, rest } of instructions) {
    if (name === 'WORKDIR') {
      workdir = rest
      mkdirSync(join(folder, workdir), { recursive: true })
    } else if (name === 'COPY') {
      const [, stage, paths = ''] = /^(?:--from=(\S+) )?(.+)$/.exec(rest) ?? []
      const from = stage === undefined ? inputs.context : (await inputs.built.get(stage))?.folder
      if (from === undefined) throw new Error(`COPY --from=${stage}: no earlier stage has this name`)
      copy(paths.split(' '), from, join(folder, workdir))
    } else if (name === 'RUN') await run(rest.replace(/^(--mount=\S+ )+/, ''), join(folder, workdir))
    else if (name === 'ENV') Object.assign(image.env, Object.fromEntries([rest.split('=')]))
    else if (name === 'USER') image.user = rest
    else if (name === 'ENTRYPOINT') image.entrypoint = JSON.parse(rest)
    else if (name === 'CMD') image.command = JSON.parse(rest)
    else if (name === 'HEALTHCHECK') image.healthcheck = JSON.parse(rest.replace(/^.* CMD /, ''))
    else if (!['ARG', 'LABEL', 'EXPOSE'].includes(name))
      throw new Error(`The instruction ${name} is not supported here`)
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

/** The first part has the instructions before the first FROM. */
function splitAtFrom(instructions: Instruction[]): Instruction[][] {
  const parts: Instruction[][] = [[]]
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') parts.push([])
    parts.at(-1)?.push(instruction)
  }
  return parts
}

/** Copies the files that .dockerignore leaves: it excludes `*`, and then includes paths. */
function copyContext(folder: string): void {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const [all, ...included] = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (all !== '*' || !included.every((line) => /^![\w./-]+$/.test(line)))
    throw new Error('Expected .dockerignore to contain `*`, and then only lines of the form `!path`')
  for (const path of included.map((line) => line.slice(1))) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path), { recursive: true })
  }
}

/** Copies the contents of folders, and files. The last path is a folder if it exists or ends with a slash, else a new name. */
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
  // packages in the cache are not requested again: the lockfile has their integrity
  const env = { PATH, HOME, npm_config_prefer_offline: 'true' }
  const child = spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (text) => (stderr += text))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`RUN ${command} ended with ${code}:\n${stderr}`)
}
