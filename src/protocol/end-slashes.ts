/** Removes the slashes at the end of a path. The time of `/\/+$/` would grow with the square of the length. */
export function withoutEndSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}
