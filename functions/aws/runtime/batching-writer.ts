// Sends the conditional writes that are under way at the same time together, up to 25 in a request.

import {
  BatchExecuteStatementCommand,
  type BatchStatementError,
  type BatchStatementRequest,
  type BatchStatementResponse,
} from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { ItemWriter, Sender, VersionedItem, WriteCondition } from './item-writer.ts'
import { isThrottled, pauses, type Retries, sendPatiently } from './pauses.ts'
import { toStatement } from './statements.ts'
import type { Item } from './table-items.ts'

/** DynamoDB takes no more statements in one request. */
const STATEMENTS_MAX = 25
/** DynamoDB takes 16 MB in a request, where binary values take a third more than in the item. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024

/** DynamoDB did not apply the statement, and another try may succeed. */
const PASSING: ReadonlySet<string | undefined> = new Set([
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'ThrottlingError',
  'TransactionConflict',
  'InternalServerError',
])
/** The condition failed: of an UPDATE, or that no item is stored, of an INSERT. */
const CONDITION_FAILED: ReadonlySet<string | undefined> = new Set(['ConditionalCheckFailed', 'DuplicateItem'])

interface Write {
  readonly table: string
  readonly item: VersionedItem
  readonly condition: WriteCondition
  readonly resolve: (stored: Item | null) => void
  readonly reject: (error: unknown) => void
}

/**
 * Each write has its own condition and its own outcome, as if it were sent alone. A statement or a
 * request that DynamoDB throttles is sent again, as long as there is time. A statement that was
 * applied although its answer was lost fails its condition when the client sends it again.
 *
 * @param single sends a write that has no other beside it. It also sends each write once more whose
 * condition failed, because its answer holds the stored item.
 * @param batchedFrom how many writes are worth a batch. A request of its own for one write takes
 * less CPU.
 * @param soon calls back once all writes that the same turn of the event loop asks for are waiting.
 */
export function batchingWriter(
  client: Sender,
  single: ItemWriter,
  retries: Partial<Retries> = {},
  batchedFrom = 2,
  soon: (send: () => void) => void = setImmediate,
): ItemWriter {
  let waiting: Write[] = []
  const sendAlone = ({ table, item, condition, resolve, reject }: Write): void => {
    sendPatiently(() => single.put(table, item, condition), isThrottled, retries).then(resolve, reject)
  }
  const sendWaiting = (): void => {
    const batches = toBatches(waiting)
    waiting = []
    for (const batch of batches) {
      if (batch.length < batchedFrom) batch.forEach(sendAlone)
      else void sendBatch(batch, client, sendAlone, retries)
    }
  }
  return {
    put: (table, item, condition) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) soon(sendWaiting)
        waiting.push({ table, item, condition, resolve, reject })
      }),
  }
}

/** DynamoDB refuses a batch that names an item twice. */
function toBatches(writes: readonly Write[]): Write[][] {
  const batches: { readonly writes: Write[]; readonly keys: Set<string>; bytes: number }[] = []
  for (const write of writes) {
    const key = JSON.stringify([write.table, write.item.pk, write.item.sk])
    const bytes = binaryBytes(write.item)
    const fitting = batches.find(
      (batch) => batch.writes.length < STATEMENTS_MAX && !batch.keys.has(key) && batch.bytes + bytes <= BATCH_BYTES_MAX,
    )
    const batch = fitting ?? { writes: [], keys: new Set<string>(), bytes: 0 }
    if (fitting === undefined) batches.push(batch)
    batch.writes.push(write)
    batch.keys.add(key)
    batch.bytes += bytes
  }
  return batches.map((batch) => batch.writes)
}

/** Only binary attributes are large: open sessions take up to 300 KB. */
function binaryBytes(item: Item): number {
  let bytes = 0
  for (const value of Object.values(item)) if (value instanceof Uint8Array) bytes += value.length
  return bytes
}

interface PreparedWrite {
  readonly write: Write
  readonly statement: BatchStatementRequest
}

/** A write that cannot become a statement is rejected alone, and the others go on. */
function prepare(writes: readonly Write[]): PreparedWrite[] {
  const prepared: PreparedWrite[] = []
  for (const write of writes) {
    try {
      prepared.push({ write, statement: toStatement(write.table, write.item, write.condition) })
    } catch (error) {
      write.reject(error)
    }
  }
  return prepared
}

async function sendBatch(
  writes: readonly Write[],
  client: Sender,
  sendAlone: (write: Write) => void,
  retries: Partial<Retries>,
): Promise<void> {
  const between = pauses(retries)
  let left: readonly PreparedWrite[] = prepare(writes)
  try {
    while (left.length > 0) {
      const { passing, cause } = await sendOnce(left, client, sendAlone)
      left = passing
      if (left.length > 0 && !(await between.next())) throw cause
    }
  } catch (error) {
    for (const { write } of left) write.reject(error)
  }
}

/** Returns the writes that DynamoDB has to be asked for again, and why. */
async function sendOnce(
  writes: readonly PreparedWrite[],
  client: Sender,
  sendAlone: (write: Write) => void,
): Promise<{ readonly passing: readonly PreparedWrite[]; readonly cause: unknown }> {
  let responses: readonly BatchStatementResponse[]
  try {
    const command = new BatchExecuteStatementCommand({ Statements: writes.map(({ statement }) => statement) })
    responses = (await client.send(command)).Responses ?? []
  } catch (error) {
    if (!isThrottled(error) && !isInternal(error)) throw error
    return { passing: writes, cause: error }
  }
  // A statement without an outcome may have been applied or not.
  if (responses.length !== writes.length)
    throw new Error(`DynamoDB reported ${responses.length} outcomes of ${writes.length} statements`)
  const passing = writes.filter(({ write }, n) => !hasOutcome(write, responses[n]?.Error, sendAlone))
  return { passing, cause: statementError(responses.find(({ Error: error }) => PASSING.has(error?.Code))?.Error) }
}

function isInternal(error: unknown): boolean {
  return error instanceof Error && ['InternalServerError', 'ServiceUnavailable'].includes(error.name)
}

/** Ends the write, or returns false if DynamoDB has to be asked again. */
function hasOutcome(write: Write, error: BatchStatementError | undefined, sendAlone: (write: Write) => void): boolean {
  if (error === undefined) write.resolve(null)
  else if (PASSING.has(error.Code)) return false
  else if (!CONDITION_FAILED.has(error.Code)) write.reject(statementError(error))
  else if (error.Item !== undefined && typeof write.condition === 'object') write.resolve(unmarshall(error.Item))
  else sendAlone(write)
  return true
}

/** Has the name that the error of a single request has. */
function statementError(error: BatchStatementError | undefined): Error {
  const code = error?.Code ?? 'InternalServerError'
  return Object.assign(new Error(error?.Message ?? code), { name: EXCEPTIONS[code] ?? `${code}Exception` })
}

const EXCEPTIONS: Readonly<Record<string, string>> = {
  InternalServerError: 'InternalServerError',
  ThrottlingError: 'ThrottlingException',
  RequestLimitExceeded: 'RequestLimitExceeded',
  ValidationError: 'ValidationException',
}
