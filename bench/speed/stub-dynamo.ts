// Answers puts, statements and batch reads as DynamoDB does, but at once and without checking
// conditions.

import { type LoopbackServer, readBody, serve } from '../../local/emulators/loopback-server.ts'
import { readStatement, type SentStatement } from '../../local/proxy/request-rules/statement.ts'

type Attributes = Readonly<Record<string, { readonly S?: string }>>

interface Request {
  readonly Item?: Attributes
  readonly Statements?: readonly SentStatement[]
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>
}

export async function startStubDynamo(): Promise<LoopbackServer> {
  const items = new Map<string, Attributes>()
  const keyOf = ({ pk, sk }: Attributes): string => `${pk?.S} ${sk?.S}`
  const execute = (sent: SentStatement): object => {
    const { written, where } = readStatement(sent) ?? {}
    // An UPDATE of the functions names every attribute but the key.
    const item = { ...where, ...written } as Attributes
    items.set(keyOf(item), item)
    return {}
  }
  const answer = ({ Item: item, Statements: statements, RequestItems: asked }: Request): object => {
    if (statements !== undefined) return { Responses: statements.map(execute) }
    if (item !== undefined) items.set(keyOf(item), item)
    if (asked === undefined) return {}
    const found = Object.entries(asked).map(([table, { Keys: keys }]) => {
      return [table, keys.flatMap((key) => items.get(keyOf(key)) ?? [])]
    })
    return { Responses: Object.fromEntries(found), UnprocessedKeys: {} }
  }
  return serve(async (incoming, outgoing) => {
    const asked = (await readBody(incoming))?.toString('utf8') ?? '{}'
    const body = JSON.stringify(answer(JSON.parse(asked) as Request))
    outgoing.writeHead(200, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
    })
    outgoing.end(body)
  })
}
