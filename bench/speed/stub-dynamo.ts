// Answers puts, statements and reads as DynamoDB does, but at once and without checking conditions.

import { KIND } from '../../functions/contract.ts'
import { type LoopbackServer, readBody, serve } from '../../local/emulators/loopback-server.ts'
import { readStatement, type SentStatement } from '../../local/proxy/request-rules/statement.ts'

type Attributes = Readonly<Record<string, { readonly S?: string }>>
/** An item as DynamoDB's requests and streams write it. */
export type StubItem = Attributes

interface Request {
  readonly Item?: Attributes
  readonly Key?: Attributes
  readonly Statements?: readonly SentStatement[]
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>
  readonly ExpressionAttributeValues?: Attributes
}

export interface StubDynamo extends LoopbackServer {
  /** Remembers what is stored, for `restore`. */
  remember(): void
  /** Stores what was stored when `remember` was called, and nothing else. */
  restore(): void
  /** Returns the stored items of the kind. */
  ofKind(kind: string): readonly StubItem[]
}

/** It also stands for a stream without shards. */
export async function startStubDynamo(): Promise<StubDynamo> {
  const items = new Map<string, Attributes>()
  let remembered = new Map(items)
  const keyOf = ({ pk, sk }: Attributes): string => `${pk?.S} ${sk?.S}`
  const execute = (sent: SentStatement): object => {
    const { written, where } = readStatement(sent) ?? {}
    // An UPDATE of the functions names every attribute but the key.
    const item = { ...where, ...written } as Attributes
    items.set(keyOf(item), item)
    return {}
  }
  /** Only the sweep's query for timers comes, of which all are due. */
  const query = ({ ':timers': partition }: Attributes): object => {
    const found = [...items.values()].filter(({ pk }) => pk?.S === partition?.S)
    return { Items: found.sort((a, b) => ((a.sk?.S ?? '') < (b.sk?.S ?? '') ? -1 : 1)) }
  }
  const answers: Readonly<Record<string, (request: Request) => object>> = {
    ListShards: () => ({ Shards: [] }),
    PutItem: ({ Item: item = {} }) => {
      items.set(keyOf(item), item)
      return {}
    },
    GetItem: ({ Key: key = {} }) => ({ Item: items.get(keyOf(key)) }),
    DeleteItem: ({ Key: key = {} }) => {
      items.delete(keyOf(key))
      return {}
    },
    BatchExecuteStatement: ({ Statements: statements = [] }) => ({ Responses: statements.map(execute) }),
    BatchGetItem: ({ RequestItems: asked = {} }) => {
      const found = Object.entries(asked).map(([table, { Keys: keys }]) => {
        return [table, keys.flatMap((key) => items.get(keyOf(key)) ?? [])]
      })
      return { Responses: Object.fromEntries(found), UnprocessedKeys: {} }
    },
    Query: ({ ExpressionAttributeValues: values = {} }) => query(values),
  }
  const server = await serve(async (incoming, outgoing) => {
    const asked = (await readBody(incoming))?.toString('utf8') ?? '{}'
    const [, operation = ''] = String(incoming.headers['x-amz-target']).split('.')
    const body = JSON.stringify(answers[operation]?.(JSON.parse(asked) as Request) ?? {})
    outgoing.writeHead(200, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(body),
    })
    outgoing.end(body)
  })
  return {
    ...server,
    remember: () => {
      remembered = new Map(items)
    },
    restore: () => {
      items.clear()
      for (const [key, item] of remembered) items.set(key, item)
    },
    ofKind: (kind) => [...items.values()].filter((item) => item[KIND]?.S === kind),
  }
}
