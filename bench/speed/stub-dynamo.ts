// Answers puts and batch reads as DynamoDB does, but at once and without checking conditions.

import { createServer, type IncomingMessage } from 'node:http'
import { type LoopbackServer, listen } from '../../local/emulators/loopback-server.ts'

type Attributes = Readonly<Record<string, { readonly S?: string }>>

interface Request {
  readonly Item?: Attributes
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>
}

export async function startStubDynamo(): Promise<LoopbackServer> {
  const items = new Map<string, Attributes>()
  const keyOf = ({ pk, sk }: Attributes): string => `${pk?.S} ${sk?.S}`
  const answer = ({ Item: item, RequestItems: asked }: Request): object => {
    if (item !== undefined) items.set(keyOf(item), item)
    if (asked === undefined) return {}
    const found = Object.entries(asked).map(([table, { Keys: keys }]) => {
      return [table, keys.flatMap((key) => items.get(keyOf(key)) ?? [])]
    })
    return { Responses: Object.fromEntries(found), UnprocessedKeys: {} }
  }
  const server = createServer(async (incoming, outgoing) => {
    const body = JSON.stringify(answer(JSON.parse(await textOf(incoming)) as Request))
    outgoing.writeHead(200, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
    })
    outgoing.end(body)
  })
  return listen(server)
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
