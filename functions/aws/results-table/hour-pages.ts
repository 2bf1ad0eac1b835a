// Reads the result rows of an hour from its index, with no more than what rollups need.

import { type AttributeValue, type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb'
import { EXPIRES_AT, HOUR_INDEX, PARTITION_KEY } from '../../contract.ts'
import type { Labels } from '../../domain/events/event.ts'
import type { Slice } from '../../domain/results/rollup.ts'
import type { SegmentedRow } from '../../domain/results/segment-sums.ts'
import type { RankedSearch } from '../../domain/results/top-queries.ts'
import { UnreadableItemError } from '../../ports.ts'
import type { KeyedSearch, RowPage, RowPosition, StoredRow } from '../../result-ports.ts'
import { readableItems, readablePages } from '../runtime/readable-items.ts'
import { hourSliceKey } from './result-items.ts'

type RawItem = Record<string, AttributeValue>
type Values = Record<string, string | number | Labels | null>

/** The only column that is a map. */
const LABELS = 'labels'
const SEARCH_NUMBERS = ['clicks', 'reformulated', EXPIRES_AT]
const NULLABLE_SEARCH_NUMBERS = ['result_count', 'time_to_first_click_ms']
const NULLABLE_SESSION_NUMBERS = ['searches_to_success', 'time_to_success_ms']
const ORPHAN_NUMBERS = ['orphan_clicks', 'orphan_clicks_search_elsewhere', 'orphan_clicks_no_search', EXPIRES_AT]
const SESSION_NUMBERS = ['searches_with_click', 'duration_ms', ...ORPHAN_NUMBERS]
const SEARCH_COLUMNS = [...SEARCH_NUMBERS, ...NULLABLE_SEARCH_NUMBERS, 'kind', 'clicked_positions', 'satisfaction']
const COUNTED_COLUMNS = [...new Set([...SEARCH_COLUMNS, ...SESSION_NUMBERS, ...NULLABLE_SESSION_NUMBERS])]
const SEGMENTED_COLUMNS = [...COUNTED_COLUMNS, PARTITION_KEY, LABELS]
const RANKED_COLUMNS = [...SEARCH_COLUMNS, 'query', 'session_id', PARTITION_KEY, HOUR_INDEX.sortKey]

/** All keys of searches lie between these, and those of sessions after them. */
const FIRST_SEARCH = 'search#'
const LAST_SEARCH = 'search$'
/** A ranking reads a day's hours side by side, so it holds a page of each. */
const RANKED_PAGE_ROWS = 500

/** The parts of a store that read rows, see RollupStore. */
export function hourPages(client: DynamoDBClient, table: string) {
  const slicePages = (hour: string, slice: Slice, columns: readonly string[]) => ({
    TableName: table,
    IndexName: HOUR_INDEX.name,
    KeyConditionExpression: '#slice = :slice',
    ProjectionExpression: columns.map((_, n) => `#c${n}`).join(', '),
    ExpressionAttributeNames: {
      '#slice': HOUR_INDEX.partitionKey,
      ...Object.fromEntries(columns.map((name, n) => [`#c${n}`, name])),
    },
    ExpressionAttributeValues: { ':slice': { S: hourSliceKey(hour, slice) } },
  })
  return {
    rowsOf: async function* (
      hour: string,
      slice: Slice,
      from: RowPosition | null,
      isSegmented: boolean,
    ): AsyncIterable<RowPage> {
      const query = slicePages(hour, slice, isSegmented ? SEGMENTED_COLUMNS : COUNTED_COLUMNS)
      const startingToken = from === null ? undefined : toKey(from)
      const pages = paginateQuery({ client, ...(startingToken && { startingToken: startingToken as never }) }, query)
      for await (const { page, items } of readablePages(pages, storedRow))
        yield { rows: items, next: page.LastEvaluatedKey === undefined ? null : toPosition(page.LastEvaluatedKey) }
    },

    searchesOf: async function* (
      hour: string,
      slice: Slice,
      afterKey: string | null,
    ): AsyncIterable<readonly KeyedSearch[]> {
      const query = slicePages(hour, slice, RANKED_COLUMNS)
      const keys = {
        // No key lies between a key and the same key with this character.
        ':from': { S: afterKey === null ? FIRST_SEARCH : `${afterKey}\u0000` },
        ':to': { S: LAST_SEARCH },
      }
      const ofSearches = {
        ...query,
        KeyConditionExpression: `${query.KeyConditionExpression} AND #key BETWEEN :from AND :to`,
        ExpressionAttributeNames: { ...query.ExpressionAttributeNames, '#key': HOUR_INDEX.sortKey },
        ExpressionAttributeValues: { ...query.ExpressionAttributeValues, ...keys },
      }
      yield* readableItems(paginateQuery({ client, pageSize: RANKED_PAGE_ROWS }, ofSearches), keyedSearch)
    },
  }
}

function toKey(position: RowPosition): RawItem {
  return Object.fromEntries(Object.entries(position).map(([name, value]) => [name, { S: value }]))
}

function toPosition(key: RawItem): RowPosition {
  return Object.fromEntries(Object.entries(key).map(([name, value]) => [name, value.S ?? '']))
}

/** The SDK's own conversion takes four times as much CPU as the rest of the reading. */
function valuesOf(item: RawItem): Values {
  const values: Values = {}
  for (const name in item) {
    const value = item[name] as AttributeValue
    if (value.M !== undefined) values[name] = labelsOf(value.M)
    else values[name] = value.N === undefined ? (value.S ?? null) : Number(value.N)
  }
  return values
}

/** Returns null where a value is no text. */
function labelsOf(map: RawItem): Labels | null {
  const labels = Object.entries(map).flatMap(([name, { S: value }]) => (value === undefined ? [] : [[name, value]]))
  return labels.length === Object.keys(map).length ? Object.fromEntries(labels) : null
}

/** Throws UnreadableItemError for a row that sums cannot count. */
function storedRow(item: RawItem): StoredRow {
  const values = valuesOf(item)
  if (!isCountable(values)) throw damagedRow()
  return { row: values as unknown as SegmentedRow, expiresAtMs: (values[EXPIRES_AT] as number) * 1000 }
}

function keyedSearch(item: RawItem): KeyedSearch {
  const values = valuesOf(item)
  if (values.kind !== 'search' || !isCountable(values) || typeof values.query !== 'string') throw damagedRow()
  return { key: values[HOUR_INDEX.sortKey] as string, row: values as unknown as RankedSearch }
}

function damagedRow(): UnreadableItemError {
  return new UnreadableItemError('a row of the hour index lacks a value that rollups count')
}

const SATISFACTIONS = new Set<unknown>([null, 'satisfied', 'unknown', 'unsatisfied'])
const POSITIONS = /^(\d+(,\d+)*)?$/

function isCountable(values: Values): boolean {
  const areNumbers = (names: readonly string[]): boolean => names.every((name) => Number.isFinite(values[name]))
  const areNumbersOrNull = (names: readonly string[]): boolean =>
    names.every((name) => values[name] === null || Number.isFinite(values[name]))
  if (values.kind === 'session') return areNumbers(SESSION_NUMBERS) && areNumbersOrNull(NULLABLE_SESSION_NUMBERS)
  if (values.kind === 'clicks') return areNumbers(ORPHAN_NUMBERS)
  return (
    values.kind === 'search' &&
    areNumbers(SEARCH_NUMBERS) &&
    areNumbersOrNull(NULLABLE_SEARCH_NUMBERS) &&
    POSITIONS.test(String(values.clicked_positions)) &&
    SATISFACTIONS.has(values.satisfaction) &&
    (!(LABELS in values) || (values[LABELS] !== null && typeof values[LABELS] === 'object'))
  )
}
