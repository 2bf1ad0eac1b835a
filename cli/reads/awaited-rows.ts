// Waits for the rows of sessions that closed, and reads those that finalize has written.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import { type ClosedSession, type ResultRow, rowTime } from '../../functions/domain/results/result.ts'
import { rowKeys } from '../../functions/domain/results/result-rows.ts'
import { type RowKey, rowsByKey } from './rows-by-key.ts'

/** Rows to read at once. */
const KEYS_AT_ONCE = 100
/**
 * A row that is missing for so long will not come: its session was probably opened again first.
 */
const AWAITED_MS_MAX = 10 * MINUTE_MS
const AWAITED_MAX = 10_000

interface AwaitedRow extends RowKey {
  readonly version: number
  readonly sinceMs: number
}

export interface AwaitedRows {
  add(closed: ClosedSession): void
  /** Reads once, and returns the rows that are written, in the order of their own times. */
  takeWritten(): Promise<ResultRow[]>
}

export function awaitedRows(client: DynamoDBDocumentClient, table: string): AwaitedRows {
  const awaited = new Map<string, AwaitedRow>()
  return {
    add: (closed) => awaitRows(closed, awaited),
    takeWritten: () => takeWritten(client, table, awaited),
  }
}

function awaitRows(closed: ClosedSession, awaited: Map<string, AwaitedRow>): void {
  for (const { pk, sk } of rowKeys(closed, sha256)) {
    awaited.set(`${pk} ${sk}`, { pk, sk, version: closed.version, sinceMs: Date.now() })
    const [oldest] = awaited.keys()
    if (awaited.size > AWAITED_MAX && oldest !== undefined) awaited.delete(oldest)
  }
}

async function takeWritten(
  client: DynamoDBDocumentClient,
  table: string,
  awaited: Map<string, AwaitedRow>,
): Promise<ResultRow[]> {
  const keys = [...awaited.entries()].slice(0, KEYS_AT_ONCE)
  if (keys.length === 0) return []
  const found = await rowsByKey(
    client,
    table,
    keys.map(([, key]) => key),
  )
  const rows = found.filter(({ pk, sk, version }) => version >= (awaited.get(`${pk} ${sk}`)?.version ?? 0))
  for (const { pk, sk } of rows) awaited.delete(`${pk} ${sk}`)
  // Missing rows go to the end, so that the next read asks for others.
  for (const [key, row] of keys) {
    if (!awaited.delete(key) || Date.now() - row.sinceMs > AWAITED_MS_MAX) continue
    awaited.set(key, row)
  }
  return rows.sort((a, b) => rowTime(a) - rowTime(b))
}
