// A gateway before DynamoDB's endpoint: the functions' requests in, their answers and a count of capacity units out.

import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Units by `<table>` and `<table>/<index>`, and what kind they are. */
export interface Capacity {
  readonly writes: ReadonlyMap<string, number>
  readonly reads: ReadonlyMap<string, number>
}

export interface DynamoGateway {
  readonly endpoint: string
  capacity(): Capacity
  stop(): Promise<void>
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'])
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'])

interface ConsumedCapacity {
  readonly TableName: string
  readonly CapacityUnits: number
  readonly Table?: { readonly CapacityUnits: number }
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits: number }>>
}

/** Asks for the capacity of every request on the way; the functions themselves do not need to. */
export async function startDynamoGateway(target: string): Promise<DynamoGateway> {
  const writes = new Map<string, number>()
  const reads = new Map<string, number>()
  const agent = new Agent({ keepAlive: true })

  const count = (operation: string, body: string): void => {
    const units = WRITES.has(operation) ? writes : reads
    const { ConsumedCapacity: consumed } = JSON.parse(body) as {
      ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[]
    }
    for (const { TableName, CapacityUnits, Table, GlobalSecondaryIndexes } of [consumed ?? []].flat()) {
      add(units, TableName, Table?.CapacityUnits ?? CapacityUnits)
      for (const [index, { CapacityUnits: ofIndex }] of Object.entries(GlobalSecondaryIndexes ?? {})) {
        add(units, `${TableName}/${index}`, ofIndex)
      }
    }
  }

  const server = createServer((incoming, outgoing) => {
    forward(incoming, outgoing, target, agent, count).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    capacity: () => ({ writes, reads }),
    stop: async () => {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function add(units: Map<string, number>, name: string, more: number): void {
  units.set(name, (units.get(name) ?? 0) + more)
}

async function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  agent: Agent,
  count: (operation: string, body: string) => void,
): Promise<void> {
  const operation = String(incoming.headers['x-amz-target'] ?? '').replace(/^DynamoDB_\d+\./, '')
  const isCounted = WRITES.has(operation) || READS.has(operation)
  const sent = await readAll(incoming)
  const body = isCounted ? JSON.stringify({ ...JSON.parse(sent), ReturnConsumedCapacity: 'INDEXES' }) : sent
  const headers = { ...incoming.headers, host: new URL(target).host, 'content-length': Buffer.byteLength(body) }
  const answer = await exchange(target, { method: incoming.method, headers, agent }, body)
  const text = await readAll(answer)
  // A failed condition is billed like the write that it stopped, but the emulator does not say how much.
  if (isCounted && answer.statusCode === 200) count(operation, text)
  outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, 'content-length': Buffer.byteLength(text) })
  outgoing.end(text)
}

function exchange(target: string, options: object, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(target, options, resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

async function readAll(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
