// Measures what the bundled rollup takes to sum a large hour, when a stub answers each query at
// once with a full page.

import { marshall } from '@aws-sdk/util-dynamodb'
import { resultItem } from '../../functions/aws/results-table/result-items.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { itemBytes } from '../../functions/aws/runtime/item-bytes.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { DIRTY_PARTITION, HOUR_INDEX, PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { hourAt, hourKey, SLICES } from '../../functions/domain/results/rollup.ts'
import { toSessions } from '../../functions/domain/sessions/session.ts'
import { type LoopbackServer, readBody, serve } from '../../local/emulators/loopback-server.ts'
import { columns } from '../../terminal/text-table.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { standardSession } from '../standard-session.ts'
import { startBundle } from './bundled-function.ts'
import { makeBundle, withBundleFolder } from './bundles.ts'

export interface SummingSpeed {
  readonly rows: number
  /** A run ends after ten minutes, and the next goes on from there. */
  readonly runs: number
  readonly cpuSeconds: number
  readonly seconds: number
  readonly cpuMicrosPerRow: number
}

const ROWS = 10_000_000
const START_MS = Date.parse('2026-03-02T09:00:30Z')
/** Longer than any hour takes here: more runs than these do not get on. */
const RUNS_MAX = 10
/** DynamoDB ends a page of a query at this size. */
const PAGE_BYTES = 1024 * 1024
const SESSIONS_IN_A_PAGE = 2000

export function measureSumming(onStep: (text: string) => void, { rows = ROWS } = {}): Promise<SummingSpeed> {
  return withBundleFolder(async (folder) => {
    makeBundle('rollup', folder)
    const stub = await startStubIndex(rows, onStep)
    const rollup = startBundle('rollup', folder, stub.endpoint)
    const total = { runs: 0, cpuMs: 0, ms: 0 }
    try {
      while (!stub.isSummed()) {
        if (total.runs === RUNS_MAX) throw new Error(`the hour was not summed after ${RUNS_MAX} runs`)
        const { cpuMs, ms } = await rollup.invoke({ drain: false })
        total.runs++
        total.cpuMs += cpuMs
        total.ms += ms
      }
    } finally {
      await rollup.stop()
      await stub.stop()
    }
    const { runs, cpuMs, ms } = total
    const cpuMicrosPerRow = Math.round((cpuMs * 10_000) / stub.rows) / 10
    return {
      rows: stub.rows,
      runs,
      cpuSeconds: Math.round(cpuMs / 1000),
      seconds: Math.round(ms / 1000),
      cpuMicrosPerRow,
    }
  })
}

interface StubIndex extends LoopbackServer {
  /** Those of whole pages, at least as many as asked for. */
  readonly rows: number
  isSummed(): boolean
}

interface Request {
  readonly IndexName?: string
  readonly Item?: Item
  readonly Key?: Item
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>
  readonly ExclusiveStartKey?: { readonly [name: string]: { readonly S: string } }
}

/** One hour is dirty, whose slices have the same pages. Other items are stored as they come. */
async function startStubIndex(rowsMin: number, onStep: (text: string) => void): Promise<StubIndex> {
  const entries = indexPage()
  const pagesInASlice = Math.ceil(rowsMin / (SLICES.length * entries.length))
  const rows = pagesInASlice * SLICES.length * entries.length
  const stored = new Map<string, Item>()
  const keyOf = (item: Item): string => JSON.stringify([item[PARTITION_KEY], item[SORT_KEY]])
  const dirty = marshall({
    [PARTITION_KEY]: DIRTY_PARTITION,
    [SORT_KEY]: `hour#${hourAt(START_MS)}`,
    marked_at: START_MS,
  })
  let page: string | null = null
  let sent = 0
  const indexed = ({ ExpressionAttributeNames: names = {}, ExclusiveStartKey: from }: Request): string => {
    page ??= JSON.stringify(entries.map((entry) => marshall(projected(entry, Object.values(names)))))
    const number = Number(from?.[SORT_KEY]?.S ?? 0) + 1
    sent += entries.length
    if (sent % (100 * entries.length) === 0) onStep(`${sent} of ${rows} rows`)
    const next = { [PARTITION_KEY]: { S: 'slice' }, [SORT_KEY]: { S: String(number) } }
    return `{"Items":${page}${number < pagesInASlice ? `,"LastEvaluatedKey":${JSON.stringify(next)}` : ''}}`
  }
  const queried = ({ ExpressionAttributeValues: values = {} }: Request): object => {
    const isOfDirtyHours = values[':pk']?.S === DIRTY_PARTITION && values[':kind']?.S === 'hour#'
    return { Items: isOfDirtyHours ? [dirty] : [] }
  }
  const answer = (operation: string, request: Request): string => {
    if (operation === 'Query' && request.IndexName === HOUR_INDEX.name) return indexed(request)
    if (operation === 'Query') return JSON.stringify(queried(request))
    if (operation === 'PutItem' && request.Item) stored.set(keyOf(request.Item), request.Item)
    return JSON.stringify(operation === 'GetItem' ? { Item: stored.get(keyOf(request.Key ?? {})) } : {})
  }
  const server = await serve(async (incoming, outgoing) => {
    const asked = JSON.parse((await readBody(incoming))?.toString('utf8') ?? '{}') as Request
    const [, operation = ''] = String(incoming.headers['x-amz-target']).split('.')
    outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(answer(operation, asked))
  })
  const hour = keyOf(marshall(hourKey(hourAt(START_MS))))
  return { ...server, rows, isSummed: () => stored.has(hour) }
}

/** Returns the entries of a page of the index: two searches and a session of each user. */
function indexPage(): Item[] {
  const entries: Item[] = []
  let bytes = 0
  for (let n = 0; n < SESSIONS_IN_A_PAGE && bytes < PAGE_BYTES; n++) {
    for (const item of itemsOf(`user-${n}`)) {
      entries.push(item)
      bytes += itemBytes(item)
    }
  }
  return entries
}

const INDEXED: readonly string[] = [
  PARTITION_KEY,
  SORT_KEY,
  HOUR_INDEX.partitionKey,
  HOUR_INDEX.sortKey,
  ...HOUR_INDEX.attributes,
]

function itemsOf(user: string): Item[] {
  const { rules, rowRules, resultRetentionMs } = BENCH_SETTINGS
  const events = standardSession(user, START_MS).map((sent) => {
    const decoded = decodeEvent(sent, START_MS, rules, sha256)
    if (!decoded.ok) throw new Error(decoded.detail)
    return decoded.event
  })
  return toSessions(events, [], rules).flatMap((session) =>
    toRows({ user, session, reason: 'app_close', version: 1 }, sha256, rowRules).map((row) =>
      projected(resultItem(row, Date.now() + resultRetentionMs), INDEXED),
    ),
  )
}

function projected(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)))
}

export function summingText({ rows, runs, cpuSeconds, seconds, cpuMicrosPerRow }: SummingSpeed): string {
  const numbers = [rows, runs, cpuSeconds, seconds, cpuMicrosPerRow]
  return columns([['rows', 'runs', 'CPU s', 's', 'CPU µs a row'], numbers.map(String)])
}
