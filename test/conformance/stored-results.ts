// Reads everything that a pipeline has stored in its results table, in a form that two runs share.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { queriesPartition } from '../../functions/domain/results/top-queries.ts'
import type { LocalRun } from '../../local/run/local-run.ts'
import { readResults } from '../../local/run/read-back.ts'
import type { Summary } from '../../local/run/summary.ts'
import { itemsOf, onLocalRun, type Rollups, toBuffers } from '../integration/on-emulators.ts'
import { EMULATOR_ENDPOINT, ENDPOINT_VARIABLES } from './emulator-environment.ts'

export type Service = 'DynamoDB' | 'Kinesis'

export interface StoredResults {
  readonly rows: readonly object[]
  readonly hours: Rollups['hours']
  readonly days: Rollups['days']
  /** The query lists of every day. */
  readonly queries: readonly object[]
}

export interface RunResults {
  readonly summary: Summary
  readonly stored: StoredResults
}

/** Uses the AWS emulator for these services and the default emulators for the others. */
export async function runWith(
  services: readonly Service[],
  log: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<RunResults> {
  const env: NodeJS.ProcessEnv = { ...process.env }
  for (const variable of ENDPOINT_VARIABLES) delete env[variable]
  if (services.includes('DynamoDB')) env.DYNAMODB_ENDPOINT = EMULATOR_ENDPOINT
  if (services.includes('Kinesis')) env.KINESIS_ENDPOINT = EMULATOR_ENDPOINT
  let results: RunResults | undefined
  await onLocalRun({ settings, env }, async (run: LocalRun) => {
    await run.replay('log', toBuffers(log), () => {})
    await run.drain()
    const stored = await storedResults(run.clients.dynamodb, run.outputs.ResultsTableName as string)
    results = { summary: await run.summary(), stored }
  })
  return results as RunResults
}

export async function storedResults(client: DynamoDBDocumentClient, table: string): Promise<StoredResults> {
  const rows = await readResults({ dynamodb: client }, table)
  const hours = await itemsOf<Rollups['hours'][number]>(client, table, 'rollup#hour')
  const days = await itemsOf<Rollups['days'][number]>(client, table, 'rollup#day')
  const queries: object[] = []
  for (const { day } of days) queries.push(...(await itemsOf<object>(client, table, queriesPartition(day))))
  return {
    rows: rows.map(withoutVersion),
    hours: hours.map(withoutMetadata),
    days: days.map(withoutMetadata),
    queries: queries.map(withoutMetadata),
  }
}

/** Drops the version: it counts writes, and these depend on the batches. */
function withoutVersion({ version, ...row }: ResultRow): object {
  return row
}

/** Drops the revision and the times that depend on when the run wrote the item. */
function withoutMetadata<T extends object>(item: T): T {
  const { computed_at, expires_at, rows_expire_at, revision, ...rest } = item as Record<string, unknown>
  return rest as T
}
