import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './markdown.ts'

/** A TypeScript file, parsed and not type-checked. */
export type SourceFile = { path: string; text: string; tree: ts.SourceFile }

export const parsed = (path: string, text: string): SourceFile => ({
  path,
  text,
  tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
})

/** All TypeScript files of a folder, by their paths from the root. */
export function sourceFiles(folder: string): SourceFile[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  return names.sort().map((name) => parsed(`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')))
}

/** Every node below a node, in the order of the text. Does not enter a node that `enters` refuses. */
export function* nodesIn(node: ts.Node, enters: (node: ts.Node) => boolean = () => true): Generator<ts.Node> {
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => {
    children.push(child)
  })
  for (const child of children) {
    yield child
    if (enters(child)) yield* nodesIn(child, enters)
  }
}

/** Lines of a text; a line break at its end begins no other line. */
export const lineCount = (text: string): number => text.replace(/\n$/, '').split('\n').length

/** Lines on which a file has code; comments and empty lines are no code. */
export function codeLineCount({ tree }: SourceFile): number {
  const lines = new Set<number>()
  const lineAt = (position: number) => tree.getLineAndCharacterOfPosition(position).line
  for (const node of nodesIn(tree)) {
    if (node === tree.endOfFileToken) continue
    lines.add(lineAt(node.getStart(tree, false)))
    lines.add(lineAt(node.end))
  }
  return lines.size
}

/** Functions, methods, constructors and arrows that have a body, each with the number of its lines. */
export function functionsIn({ tree }: SourceFile): { name: string; lines: number }[] {
  return [...nodesIn(tree)].flatMap((node) =>
    ts.isFunctionLike(node) && 'body' in node && node.body
      ? [{ name: nameOf(node) ?? 'arrow function', lines: lineCount(node.getText(tree)) }]
      : [],
  )
}

function nameOf(node: ts.SignatureDeclaration): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const { name } = node.name ? node : (node.parent as { name?: ts.Node })
  return name?.getText()
}

/** Names of types, interfaces, classes and enums that a file declares; what it adds to types of other modules is left out. */
export function typeNamesIn({ tree }: SourceFile): string[] {
  return [...nodesIn(tree, (node) => !ts.isModuleDeclaration(node))].flatMap((node) => {
    const declares =
      ts.isTypeAliasDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isEnumDeclaration(node)
    return declares && node.name ? [node.name.text] : []
  })
}

/** The interfaces of a file, each with its verbs: methods, and properties that are functions. */
export function interfacesIn({ tree }: SourceFile): { name: string; verbs: string[] }[] {
  return tree.statements.filter(ts.isInterfaceDeclaration).map(({ name, members }) => ({
    name: name.text,
    verbs: members.filter(isVerb).map((member) => member.name?.getText(tree) ?? ''),
  }))
}

function isVerb(member: ts.TypeElement): boolean {
  if (ts.isMethodSignature(member)) return true
  return ts.isPropertySignature(member) && member.type !== undefined && ts.isFunctionTypeNode(member.type)
}

/** Names of the constants of a module whose value is a number that is written down, or calculated from such numbers. */
export function numericConstantsIn({ tree }: SourceFile): string[] {
  const declarations = tree.statements
    .filter(ts.isVariableStatement)
    .flatMap((node) => [...node.declarationList.declarations])
  return declarations.flatMap(({ name, initializer }) =>
    initializer && isNumeric(initializer) && ts.isIdentifier(name) ? [name.text] : [],
  )
}

function isNumeric(node: ts.Expression): boolean {
  if (ts.isNumericLiteral(node)) return true
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return isNumeric(node.expression)
  if (ts.isPrefixUnaryExpression(node)) return isNumeric(node.operand)
  if (ts.isBinaryExpression(node)) return isNumeric(node.left) || isNumeric(node.right)
  return ts.isCallExpression(node) && /^Math\./.test(node.expression.getText()) && node.arguments.some(isNumeric)
}
