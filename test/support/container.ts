import { spawnSync } from 'node:child_process'
import type { Program } from './command.ts'
import type { Image } from './dockerfile.ts'

/** Whether this process may create namespaces. */
const canUnshare = process.getuid?.() === 0 && spawnSync('unshare', ['-m', '-p', '-f', 'true']).status === 0

/**
 * The image's command as its container runs it: by its user, without any capability. If this process may create namespaces,
 * also with everything mounted read-only and as process 1, which receives no signal that it does not handle.
 */
export function inContainer({ user, folder }: Image, [executable = '', ...args]: string[]): Program {
  const inFolder = args.map((argument) => argument.replace(/^\/app\b/, `${folder}/app`))
  const program = [executable === 'node' ? process.execPath : executable, ...inFolder] as const
  if (process.getuid?.() !== 0) return program
  const [uid, gid] = user.split(':')
  const dropped = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all']
  const asUser = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...dropped, ...program] as const
  if (!canUnshare) return asUser
  const readOnly = 'for mount in / /tmp; do ! mountpoint -q $mount || mount -o remount,bind,ro $mount; done'
  return ['unshare', '-m', '-p', '-f', 'sh', '-c', `${readOnly} && exec "$@"`, 'sh', ...asUser]
}
