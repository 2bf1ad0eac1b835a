// Knows the key attributes of each table and index, from the template and from CreateTable.

import type { IndexSpec, TableSpec } from '../../template/pipeline-spec.ts'

/** The key of a table or of one of its indexes. */
export interface Key {
  readonly partition: string
  readonly sort: string | null
}

export interface TableKeys {
  readonly table: Key
  readonly indexes: ReadonlyMap<string, Key>
}

export interface KnownTables {
  /** Returns null for a table that neither the template nor CreateTable named. */
  keysOf(table: string): TableKeys | null
  /** Takes in the body of a CreateTable request. */
  created(body: Readonly<Record<string, unknown>>): void
}

type KeySchema = TableSpec['keySchema']

export function knownTables(tables: readonly TableSpec[]): KnownTables {
  const known = new Map(tables.map(({ name, keySchema, indexes }) => [name, toKeys(keySchema, indexes)]))
  return {
    keysOf: (table) => known.get(table) ?? null,
    created: (body) => {
      const indexes = [body.GlobalSecondaryIndexes, body.LocalSecondaryIndexes].flatMap((some) => some ?? [])
      known.set(String(body.TableName), toKeys(body.KeySchema as KeySchema, indexes as IndexSpec[]))
    },
  }
}

function toKeys(schema: KeySchema, indexes: readonly Pick<IndexSpec, 'IndexName' | 'KeySchema'>[]): TableKeys {
  return {
    table: toKey(schema),
    indexes: new Map(indexes.map(({ IndexName, KeySchema }) => [IndexName, toKey(KeySchema)])),
  }
}

function toKey(schema: KeySchema): Key {
  const nameOf = (type: 'HASH' | 'RANGE') => schema.find(({ KeyType }) => KeyType === type)?.AttributeName
  return { partition: nameOf('HASH') ?? '', sort: nameOf('RANGE') ?? null }
}
