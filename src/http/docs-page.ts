type Operation = {
  summary?: string
  parameters?: { name?: string; in?: string; description?: string; required?: boolean }[]
  requestBody?: { content?: { [type: string]: { schema?: unknown } } }
}

/** What is read of an OpenAPI document. */
type Document = { info: { title: string; version: string; description?: string }; paths?: object }

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f4f4f4;padding:.75rem;overflow:auto}
section{border-top:1px solid #ccc;padding:.5rem 0}b{display:inline-block;min-width:4.5rem}
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}pre{background:#222}a{color:#9cf}}`

/** An OpenAPI document as one page, without script. @param json the document's address, relative to the page's */
export function docsPage({ info, paths = {} }: Document, json: string): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as { [method: string]: Operation }).map(([method, operation]) =>
      section(method, path, operation),
    ),
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(info.title)} API</title>
<meta name="viewport" content="width=device-width"><style>${style}</style></head><body>
<h1>${escaped(info.title)} API ${escaped(info.version)}</h1><p>${escaped(info.description ?? '')}</p>
<p>Authorization: <code>Bearer</code> and a management key, or OWT’s <code>MAuth</code>.
Errors are <code>{ "error": { "code", "message" } }</code>. <a href="${json}">OpenAPI</a></p>
${operations.join('\n')}</body></html>`
}

function section(method: string, path: string, { summary = '', parameters = [], requestBody }: Operation): string {
  const rows = parameters.map(
    ({ name = '', in: ref = '', description = '' }) =>
      `<li><code>${escaped(name)}</code> (${escaped(ref)}) ${escaped(description)}</li>`,
  )
  const [body] = Object.values(requestBody?.content ?? {})
  const schema = body
    ? `<details><summary>Body</summary><pre>${escaped(JSON.stringify(body.schema, null, 2))}</pre></details>`
    : ''
  return `<section><p><b>${escaped(method.toUpperCase())}</b> <code>${escaped(path)}</code><br>${escaped(summary)}</p>
${rows.length > 0 ? `<ul>${rows.join('')}</ul>` : ''}${schema}</section>`
}

const entities: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '')
}
