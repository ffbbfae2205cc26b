// System programs that the tests need. Installs missing ones with the system's package manager, if it can do so without
// asking questions.
import { spawnSync } from 'node:child_process'

/** Debian's packages are for Debian's Python, which may not be the first on PATH. */
const pythonCommands = ['/usr/bin/python3', 'python3']

/** Prints the version of python-socketio, if its libraries for HTTP and WebSocket are installed. */
const socketIoVersionScript = `
import aiohttp, requests, websocket
from importlib.metadata import version
print("python-socketio", version("python-socketio"))`

/** The programs: the arguments that print the version, the pattern that reads it, the minimum, and the packages of each manager. */
const programs = [
  {
    name: 'redis-server',
    arguments: ['--version'],
    version: /v=(\d+)/,
    minVersion: 7,
    replacedBy: 'TEST_REDIS_URL', // the variable with the URL of a server to use instead
    packages: { 'apt-get': 'redis-server', dnf: 'redis', apk: 'redis', pacman: 'redis', brew: 'redis' },
  },
  {
    name: 'turnserver', // coturn, and turnutils_uclient with it
    arguments: ['--version'],
    version: /(\d+)\.\d+/,
    minVersion: 4,
    packages: { 'apt-get': 'coturn', dnf: 'coturn', apk: 'coturn', pacman: 'coturn', brew: 'coturn' },
  },
  {
    name: 'chromium',
    arguments: ['--version'],
    version: /(\d+)\.\d+/,
    minVersion: 120,
    packages: { 'apt-get': 'chromium', dnf: 'chromium', apk: 'chromium', pacman: 'chromium', brew: 'chromium' },
  },
  {
    name: 'nginx',
    arguments: ['-v'],
    version: /nginx\/(\d+)/,
    minVersion: 1,
    packages: { 'apt-get': 'nginx', dnf: 'nginx', apk: 'nginx', pacman: 'nginx', brew: 'nginx' },
  },
  {
    name: 'haproxy',
    arguments: ['-v'],
    version: /version (\d+)/,
    minVersion: 2,
    packages: { 'apt-get': 'haproxy', dnf: 'haproxy', apk: 'haproxy', pacman: 'haproxy', brew: 'haproxy' },
  },
  {
    name: 'prometheus', // and promtool with it
    arguments: ['--version'],
    version: /version (\d+)/,
    minVersion: 2,
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
    minVersion: 0.9,
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
    minVersion: 27,
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
    commands: pythonCommands,
    arguments: ['-c', socketIoVersionScript],
    version: /python-socketio (\d+)/,
    minVersion: 5,
    packages: {
      'apt-get': 'python3-socketio python3-requests python3-websocket python3-aiohttp',
      dnf: 'python3-socketio python3-requests python3-websocket-client python3-aiohttp',
      pacman: 'python-socketio python-requests python-websocket-client python-aiohttp',
    },
    manualInstall: "pip install 'python-socketio[client,asyncio_client]'",
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
const exists = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined

/** The command of the program in a sufficient version; undefined when it is missing or too old. */
function commandOf({ name, commands = [name], arguments: args, version, minVersion }) {
  return commands.find((command) => {
    const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
    return Number(version.exec(`${stdout}${stderr}`)?.[1] ?? 0) >= minVersion
  })
}

const isSatisfied = (program) => commandOf(program) !== undefined

/** The command of a Python with python-socketio. @throws Error when it is not installed */
export function pythonWithSocketIo() {
  const python = commandOf(programs.find(({ name }) => name === 'python-socketio'))
  if (python === undefined) throw new Error('python-socketio is not installed. Run npm test, which installs it.')
  return python
}

/** Runs the package manager, with sudo if it needs root. */
function manage(manager, args) {
  const asRoot = managers[manager].root && process.getuid?.() !== 0
  const [command, ...rest] = asRoot ? ['sudo', '-n', manager, ...args] : [manager, ...args]
  return spawnSync(command, rest, quiet).status === 0
}

/** Installs missing programs. If one cannot be installed, prints how to install it and exits with code 1. */
export function ensurePrograms() {
  const missing = programs.filter((program) => !process.env[program.replacedBy] && !isSatisfied(program))
  if (missing.length === 0) return
  const manager = Object.keys(managers).find(exists)
  const { update, install, root } = managers[manager] ?? {}
  if (update) manage(manager, update)
  for (const program of missing) {
    const { name, minVersion, replacedBy, manualInstall, packages } = program
    const command = packages[manager] && [...install, ...packages[manager].split(' ')]
    console.error(`Installing ${name}…`)
    if (command && manage(manager, command) && isSatisfied(program)) continue
    const instruction = command ? `${root ? 'sudo ' : ''}${[manager, ...command].join(' ')}` : manualInstall
    const hint = instruction ? ` (${instruction})` : ''
    console.error(
      `The tests need ${name} ${minVersion} or newer: install it${hint}${replacedBy ? `, or set ${replacedBy}` : ''}.`,
    )
    process.exit(1)
  }
}
