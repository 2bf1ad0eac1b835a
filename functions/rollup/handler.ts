// Lambda: a schedule's tick or `{"drain": true}` in, `rollup` until the time is up, its counts out.

import type { Context } from 'aws-lambda'
import { dynamoDirtyHours } from '../aws/results-table/dirty-hours.ts'
import { dynamoRollupStore } from '../aws/results-table/rollup-store.ts'
import { documentClient } from '../aws/runtime/document-client.ts'
import { readRollupEnvironment } from '../aws/runtime/environment.ts'
import { logReport } from '../aws/runtime/report-log.ts'
import { type RollupReport, rollup, rollupMetrics } from './rollup.ts'

/** Time to finish what was begun before Lambda ends the function. */
const TIME_LEFT_MS_MIN = 10_000

const settings = readRollupEnvironment(process.env)
const client = documentClient()
const ports = {
  dirtyHours: dynamoDirtyHours(client, settings.resultsTable),
  rollups: dynamoRollupStore(client, settings.resultsTable),
}

export async function handler(request: { readonly drain?: unknown }, context: Context): Promise<RollupReport> {
  const hasTime = (): boolean => context.getRemainingTimeInMillis() > TIME_LEFT_MS_MIN
  const report = await rollup({ drain: request.drain === true }, { ...ports, hasTime }, settings, Date.now())
  logReport('rollup', settings.pipelineName, report, rollupMetrics(report), Date.now())
  if (report.failed !== null) throw report.failed.cause
  return report
}
