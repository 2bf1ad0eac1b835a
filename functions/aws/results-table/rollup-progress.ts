// Stores what a rollup run leaves unfinished, compressed and in pieces that fit items.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { EXPIRES_AT, PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import { DAY_MS } from '../../domain/durations.ts'
import { epochSeconds, hasExpired, type Item, type Key } from '../runtime/table-items.ts'
import { queryPartition } from './revisions.ts'

const PARTITION = 'rollup#progress'
/** Below the 400 KB of an item. */
const PIECE_BYTES = 380_000
/** The best queries of a day take up to four. */
const PIECES_MAX = 50

/** Returns null for a progress that has expired, too: it may name what was forgotten since. */
export async function loadProgress<T>(
  client: DynamoDBDocumentClient,
  table: string,
  name: string,
  nowMs: number,
): Promise<T | null> {
  const pieces = await loadPieces(client, table, name)
  return read(pieces.filter((piece) => !hasExpired(piece, nowMs))) as T | null
}

async function loadPieces(client: DynamoDBDocumentClient, table: string, name: string): Promise<Item[]> {
  const pieces: Item[] = []
  for await (const items of queryPartition(client, table, PARTITION, `${name}#`)) pieces.push(...items)
  return pieces
}

/**
 * Writes the first piece last: all pieces of one progress hold the same mark. For null, it deletes
 * every piece.
 */
export async function saveProgress(
  client: DynamoDBDocumentClient,
  table: string,
  name: string,
  progress: object | null,
  nowMs: number,
): Promise<void> {
  if (progress === null) {
    const pieces = await loadPieces(client, table, name)
    for (const { pk, sk } of pieces) await client.send(new DeleteCommand({ TableName: table, Key: { pk, sk } }))
    return
  }
  const data = deflateRawSync(JSON.stringify(progress))
  const count = Math.ceil(data.length / PIECE_BYTES)
  if (count > PIECES_MAX) throw new Error(`the progress of ${name} takes ${data.length} bytes`)
  const head = { count, saved_at: nowMs, [EXPIRES_AT]: epochSeconds(nowMs + DAY_MS) }
  for (let n = count - 1; n >= 0; n--) {
    const piece = data.subarray(n * PIECE_BYTES, (n + 1) * PIECE_BYTES)
    await client.send(new PutCommand({ TableName: table, Item: { ...pieceKey(name, n), ...head, piece } }))
  }
}

function pieceKey(name: string, n: number): Key {
  return { [PARTITION_KEY]: PARTITION, [SORT_KEY]: `${name}#${String(n).padStart(2, '0')}` }
}

/** A progress is only a shortcut, so a damaged or half-written one counts as none. */
function read(items: readonly Item[]): unknown {
  const [first] = items
  if (!String(first?.[SORT_KEY]).endsWith('#00')) return null
  const pieces = items.slice(0, first?.count as number)
  const isWhole = pieces.length === first?.count && pieces.every(({ saved_at: at }) => at === first.saved_at)
  if (!isWhole) return null
  try {
    return JSON.parse(inflateRawSync(Buffer.concat(pieces.map(({ piece }) => piece as Uint8Array))).toString('utf8'))
  } catch {
    return null
  }
}
