// Runs the deployed functions on emulators for a test, and stops everything afterwards.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { expect } from 'vitest'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import type { DayRollup, HourRollup } from '../../functions/domain/results/rollup.ts'
import { type LocalRun, startLocalRun } from '../../local/run/local-run.ts'
import type { Summary } from '../../local/run/summary.ts'
import type { Template } from '../../local/template/template.ts'
import { runInMemory, withoutUnits } from '../support/in-memory.ts'

export interface Outcome {
  readonly summary: Summary
  readonly rows: readonly ResultRow[]
  readonly rollups: Rollups
}

export interface Rollups {
  readonly hours: readonly HourRollup[]
  readonly days: readonly DayRollup[]
}

/** Also runs the log in memory, and expects the same summary. */
export async function runLocally(
  settings: Readonly<Record<string, string>>,
  lines: readonly (string | Buffer)[],
  chaosRate = 0,
): Promise<Outcome> {
  let outcome: Outcome | undefined
  await onLocalRun({ settings, chaosRate }, async (run) => {
    await run.replay('test', toBuffers(lines), () => {})
    await run.drain()
    outcome = { summary: await run.summary(), rows: await run.results(), rollups: await rollupsOf(run) }
  })
  const { summary } = await runInMemory(settings, lines)
  expect(withoutUnits((outcome as Outcome).summary)).toEqual(withoutUnits(summary))
  return outcome as Outcome
}

export interface TestedRun {
  readonly settings?: Readonly<Record<string, string>>
  readonly chaosRate?: number
  readonly changeTemplate?: (template: Template) => Template
  /** Names the endpoints that stand for an emulator. Without it the environment names them. */
  readonly env?: NodeJS.ProcessEnv
}

/** Uses the endpoints in the environment, if it names them, or else emulators. */
export async function onLocalRun(tested: TestedRun, use: (run: LocalRun) => Promise<void>): Promise<void> {
  const defaults = { settings: {}, firstPort: null, dataFolder: null, chaosRate: 0, env: process.env }
  // The conformance tests set the variable for an emulator without conditions of statements.
  const writes = process.env.SINGLE_WRITES === 'true' ? { writes: 'single' } : {}
  const run = await startLocalRun({ ...defaults, ...tested, settings: { ...writes, ...tested.settings } })
  try {
    await use(run)
  } finally {
    await run.stop()
  }
}

export async function* toBuffers(lines: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const line of lines) yield Buffer.from(line)
}

/** Reads the rollups with the queries of a user. */
export async function rollupsOf({ clients, outputs }: LocalRun): Promise<Rollups> {
  const all = <T>(pk: string): Promise<T[]> => itemsOf(clients.dynamodb, outputs.ResultsTableName as string, pk)
  return { hours: await all('rollup#hour'), days: await all('rollup#day') }
}

export async function itemsOf<T>(client: DynamoDBDocumentClient, table: string, pk: string): Promise<T[]> {
  const found: T[] = []
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
  }
  for await (const { Items: items } of paginateQuery({ client }, query)) found.push(...((items ?? []) as T[]))
  return found
}
