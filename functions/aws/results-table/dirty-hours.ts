// Stores the hours and days whose rollups are stale, until the rollup step clears them.

import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { DIRTY_PARTITION, PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import { UnreadableItemError } from '../../ports.ts'
import type { DirtyHours, DirtyPeriod, StoredDirtyPeriod } from '../../result-ports.ts'
import { storedInstead } from '../runtime/conditional-write.ts'
import { readableItems } from '../runtime/readable-items.ts'
import type { Item, Key } from '../runtime/table-items.ts'

const WRITES_AT_ONCE = 16
const MARKED_AT = 'marked_at'
const SEEN_AT = 'seen_at'

/** Leaves hours clean, where no rollup would sum them. */
export const NO_DIRTY_HOURS: Pick<DirtyHours, 'mark'> = { mark: async () => {} }

export function dynamoDirtyHours(client: DynamoDBDocumentClient, table: string): DirtyHours {
  const put = (period: StoredDirtyPeriod) => new PutCommand({ TableName: table, Item: dirtyItem(period) })
  return {
    mark: async (periods) => {
      const write = (period: DirtyPeriod) => client.send(put({ ...period, seenMs: null }))
      await pMap(periods, write, { concurrency: WRITES_AT_ONCE })
    },

    pages: async function* (kind) {
      const query = {
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :kind)',
        ExpressionAttributeValues: { ':pk': DIRTY_PARTITION, ':kind': `${kind}#` },
        ScanIndexForward: false,
        ConsistentRead: true,
      }
      yield* readableItems(paginateQuery({ client }, query), readDirtyPeriod)
    },

    markSeen: async (period, nowMs) => {
      const { input } = put({ ...period, seenMs: nowMs })
      await storedInstead(client.send(new PutCommand({ ...input, ...ifUnchanged({ ...period, seenMs: null }) })))
    },

    clear: async (period) => {
      const command = new DeleteCommand({ TableName: table, Key: dirtyKey(period), ...ifUnchanged(period) })
      await storedInstead(client.send(command))
    },
  }
}

/** Fails when the period was marked again since it was read, or another run has seen it. */
function ifUnchanged({ atMs, seenMs }: StoredDirtyPeriod) {
  const isSeen = seenMs !== null
  return {
    ConditionExpression: `#marked = :marked AND ${isSeen ? '#seen = :seen' : 'attribute_not_exists(#seen)'}`,
    ExpressionAttributeNames: { '#marked': MARKED_AT, '#seen': SEEN_AT },
    ExpressionAttributeValues: { ':marked': atMs, ...(isSeen && { ':seen': seenMs }) },
  }
}

/** The sort key is `hour#2026-03-02T09` or `queries#2026-03-02`. */
function dirtyKey({ kind, of }: DirtyPeriod): Key {
  return { [PARTITION_KEY]: DIRTY_PARTITION, [SORT_KEY]: `${kind}#${of}` }
}

function dirtyItem(period: StoredDirtyPeriod): Item {
  const { atMs, seenMs } = period
  return { ...dirtyKey(period), [MARKED_AT]: atMs, ...(seenMs !== null && { [SEEN_AT]: seenMs }) }
}

const PERIODS = { hour: /^\d{4}-\d\d-\d\dT\d\d$/, queries: /^\d{4}-\d\d-\d\d$/ }

function readDirtyPeriod(item: Item): StoredDirtyPeriod {
  const [kind = '', of = ''] = String(item[SORT_KEY]).split('#')
  const { [MARKED_AT]: atMs, [SEEN_AT]: seenMs = null } = item
  const isKnown = (kind === 'hour' || kind === 'queries') && PERIODS[kind].test(of)
  if (isKnown && Number.isFinite(atMs) && (seenMs === null || Number.isFinite(seenMs))) {
    return { kind, of, atMs: atMs as number, seenMs: seenMs as number | null }
  }
  throw new UnreadableItemError(`the dirty period ${item[SORT_KEY]} cannot be read`)
}
