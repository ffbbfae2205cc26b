import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** A document of the project, by its path from the root. */
export const readDocument = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Paths of all documents of the project, from the root. */
export const documents: string[] = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].concat(
  readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
)

/** The text between `<!-- name -->` and `<!-- /name -->`. */
export function marked(text: string, name: string): string {
  const found = new RegExp(`<!-- ${name} -->\n?(.*?)<!-- /${name} -->`, 's').exec(text)?.[1]
  if (found === undefined) throw new Error(`The document has no part between <!-- ${name} --> and <!-- /${name} -->`)
  return found
}

/** The text under a heading of level 2, up to the next one. */
export function section(text: string, heading: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  if (found === undefined) throw new Error(`The document has no section ${heading}`)
  return found
}

/** The rows of a table without its head, cell by cell. A pipe inside a cell is written `\|`. */
export function rows(table: string): string[][] {
  const lines = table.split('\n').filter((line) => line.startsWith('|'))
  const cells = (line: string) => line.split(/(?<!\\)\|/).slice(1, -1)
  return lines.slice(2).map((line) => cells(line).map((cell) => cell.trim().replaceAll('\\|', '|')))
}

/** The texts in backticks. */
export const quoted = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, inner]) => inner ?? '')

/** Files that a document tells its reader to create. */
export const created = (text: string): string[] =>
  [...text.matchAll(/\bCreate `([^`\n]+)`/g)].map(([, path]) => path ?? '')

/** Targets of links, as they are written. */
export const links = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')

/** The names by which a document's headings can be linked to. */
export function anchors(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, '')
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '')
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
