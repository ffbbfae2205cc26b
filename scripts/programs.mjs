// System programs that the tests need. What is missing is installed with the system's package manager, if it has one
// that does so without questions.
import { spawnSync } from 'node:child_process'

/** Debian's packages are for its own Python, which need not be the first on PATH. */
const pythons = ['/usr/bin/python3', 'python3']

/** Prints the version of python-socketio, if the libraries are there with which it speaks HTTP and WebSocket. */
const socketIoVersion = `
import aiohttp, requests, websocket
from importlib.metadata import version
print("python-socketio", version("python-socketio"))`

/** A row for each program: how its version is asked and read, the least that will do, its packages by manager. */
const programs = [
  {
    name: 'redis-server',
    arguments: ['--version'],
    version: /v=(\d+)/,
    least: 7,
    insteadOf: 'TEST_REDIS_URL', // names a server to use instead
    packages: { 'apt-get': 'redis-server', dnf: 'redis', apk: 'redis', pacman: 'redis', brew: 'redis' },
  },
  {
    name: 'turnserver', // coturn, and turnutils_uclient with it
    arguments: ['--version'],
    version: /(\d+)\.\d+/,
    least: 4,
    packages: { 'apt-get': 'coturn', dnf: 'coturn', apk: 'coturn', pacman: 'coturn', brew: 'coturn' },
  },
  {
    name: 'chromium',
    arguments: ['--version'],
    version: /(\d+)\.\d+/,
    least: 120,
    packages: { 'apt-get': 'chromium', dnf: 'chromium', apk: 'chromium', pacman: 'chromium', brew: 'chromium' },
  },
  {
    name: 'nginx',
    arguments: ['-v'],
    version: /nginx\/(\d+)/,
    least: 1,
    packages: { 'apt-get': 'nginx', dnf: 'nginx', apk: 'nginx', pacman: 'nginx', brew: 'nginx' },
  },
  {
    name: 'haproxy',
    arguments: ['-v'],
    version: /version (\d+)/,
    least: 2,
    packages: { 'apt-get': 'haproxy', dnf: 'haproxy', apk: 'haproxy', pacman: 'haproxy', brew: 'haproxy' },
  },
  {
    name: 'prometheus', // and promtool with it
    arguments: ['--version'],
    version: /version (\d+)/,
    least: 2,
    packages: {
      'apt-get': 'prometheus',
      dnf: 'golang-github-prometheus',
      apk: 'prometheus',
      pacman: 'prometheus',
      brew: 'prometheus',
    },
  },
  {
    name: 'faketime', // and its library
    arguments: ['--version'],
    version: /Version (\d+\.\d+)/,
    least: 0.9,
    packages: {
      'apt-get': 'faketime',
      dnf: 'libfaketime',
      apk: 'libfaketime',
      pacman: 'libfaketime',
      brew: 'libfaketime',
    },
  },
  {
    name: 'kubectl', // for `kubectl kustomize`
    arguments: ['version', '--client'],
    version: /v1\.(\d+)/,
    least: 27,
    packages: {
      'apt-get': 'kubernetes-client',
      dnf: 'kubernetes-client',
      apk: 'kubectl',
      pacman: 'kubectl',
      brew: 'kubernetes-cli',
    },
  },
  {
    name: 'python-socketio',
    commands: pythons,
    arguments: ['-c', socketIoVersion],
    version: /python-socketio (\d+)/,
    least: 5,
    packages: {
      'apt-get': 'python3-socketio python3-requests python3-websocket python3-aiohttp',
      dnf: 'python3-socketio python3-requests python3-websocket-client python3-aiohttp',
      pacman: 'python-socketio python-requests python-websocket-client python-aiohttp',
    },
    otherwise: "pip install 'python-socketio[client,asyncio_client]'",
  },
]

const managers = {
  'apt-get': { update: ['update'], install: ['install', '-y', '--no-install-recommends'], root: true },
  dnf: { install: ['install', '-y'], root: true },
  apk: { install: ['add', '--no-cache'], root: true },
  pacman: { install: ['-Sy', '--noconfirm'], root: true },
  brew: { install: ['install'], root: false },
}

const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
const isThere = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined

/** The command by which a program is there in the version that is needed; undefined when it is not. */
function commandOf({ name, commands = [name], arguments: args, version, least }) {
  return commands.find((command) => {
    const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    return Number(version.exec(`${stdout}${stderr}`)?.[1] ?? 0) >= least
  })
}

const isGood = (program) => commandOf(program) !== undefined

/** The Python that has python-socketio. @throws Error when none has */
export function pythonWithSocketIo() {
  const python = commandOf(programs.find(({ name }) => name === 'python-socketio'))
  if (python === undefined) throw new Error('No Python has python-socketio: npm test installs it')
  return python
}

/** Runs the package manager, as root where it has to be. */
function manage(manager, args) {
  const asRoot = managers[manager].root && process.getuid?.() !== 0
  const [command, ...rest] = asRoot ? ['sudo', '-n', manager, ...args] : [manager, ...args]
  return spawnSync(command, rest, quiet).status === 0
}

/** Installs what is missing; ends this process with one sentence when that cannot be done. */
export function ensurePrograms() {
  const missing = programs.filter((program) => !process.env[program.insteadOf] && !isGood(program))
  if (missing.length === 0) return
  const manager = Object.keys(managers).find(isThere)
  const { update, install, root } = managers[manager] ?? {}
  if (update) manage(manager, update)
  for (const program of missing) {
    const { name, least, insteadOf, otherwise, packages } = program
    const command = packages[manager] && [...install, ...packages[manager].split(' ')]
    console.error(`Installing ${name}…`)
    if (command && manage(manager, command) && isGood(program)) continue
    const instruction = command ? `${root ? 'sudo ' : ''}${[manager, ...command].join(' ')}` : otherwise
    const how = instruction ? ` (${instruction})` : ''
    console.error(
      `The tests need ${name} ${least} or newer: install it${how}${insteadOf ? `, or set ${insteadOf}` : ''}.`,
    )
    process.exit(1)
  }
}
