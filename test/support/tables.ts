// The two tables as the infrastructure makes them: a name in, what `provision` makes of it out.

import { DUE_INDEX, EXPIRES_AT, PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import type { Clients } from '../../local/clients.ts'
import { provision } from '../../local/provision.ts'
import type { TableSpec } from '../../local/template.ts'

export async function makeTables(tables: readonly TableSpec[], clients: Clients): Promise<void> {
  const none = { streams: [], buckets: [], functions: [], mappings: [], schedules: [], outputs: {} }
  await provision({ ...none, tables }, clients)
}

export function sessionsTable(name: string): TableSpec {
  return {
    ...resultsTable(name),
    attributes: [
      ...resultsTable(name).attributes,
      { AttributeName: DUE_INDEX.partitionKey, AttributeType: 'S' },
      { AttributeName: DUE_INDEX.sortKey, AttributeType: 'N' },
    ],
    indexes: [
      {
        IndexName: DUE_INDEX.name,
        KeySchema: [
          { AttributeName: DUE_INDEX.partitionKey, KeyType: 'HASH' },
          { AttributeName: DUE_INDEX.sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  }
}

export function resultsTable(name: string): TableSpec {
  return {
    name,
    keySchema: [
      { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
      { AttributeName: SORT_KEY, KeyType: 'RANGE' },
    ],
    attributes: [
      { AttributeName: PARTITION_KEY, AttributeType: 'S' },
      { AttributeName: SORT_KEY, AttributeType: 'S' },
    ],
    indexes: [],
    streamView: null,
    ttlAttribute: EXPIRES_AT,
  }
}
