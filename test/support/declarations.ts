import ts from 'typescript'

/** Names that the source declares, each with its members; a private member has its `#`. */
export type Declarations = Map<string, Set<string>>

/** Adds the classes, interfaces, types, enums and constant objects of a file, wherever in the file they are. */
export function addDeclarations(found: Declarations, path: string, text: string): void {
  const visit = (node: ts.Node): void => {
    const name = declaredName(node)
    if (name !== undefined) {
      const members = found.get(name) ?? new Set<string>()
      found.set(name, members)
      addMembers(node, members)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
}

function declaredName(node: ts.Node): string | undefined {
  const declares =
    ts.isClassLike(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isVariableDeclaration(node)
  return declares && node.name && ts.isIdentifier(node.name) ? node.name.text : undefined
}

/** Members of object types and literals inside a declaration count as its own; bodies of functions do not. */
function addMembers(node: ts.Node, members: Set<string>): void {
  ts.forEachChild(node, (child) => {
    const { name } = child as { name?: ts.Node }
    const isMember = ts.isClassElement(child) || ts.isTypeElement(child) || ts.isObjectLiteralElement(child)
    if (isMember && name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name))) {
      members.add(name.text)
    }
    if (!ts.isBlock(child)) addMembers(child, members)
  })
}

/** The comments of a TypeScript, JavaScript or Lua file, line by line. */
export function commentsIn(path: string, text: string): string[] {
  const comment = path.endsWith('.lua') ? /--.*$/gm : /^\s*(?:\/\/|\/\*|\*).*$|\s\/\/ .*$/gm
  return [...text.matchAll(comment)].map(([line]) => line)
}
