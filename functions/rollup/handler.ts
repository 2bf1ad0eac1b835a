// Runs `rollup` on a schedule. The event `{"drain": true}` makes it rank the queries at once.

import type { Context } from 'aws-lambda'
import { dynamoDirtyHours } from '../aws/results-table/dirty-hours.ts'
import { dynamoRollupStore } from '../aws/results-table/rollup-store.ts'
import { documentClient } from '../aws/runtime/document-client.ts'
import { readRollupEnvironment } from '../aws/runtime/environment.ts'
import { logReport } from '../aws/runtime/report-log.ts'
import { type RollupReport, rollup, rollupMetrics } from './rollup.ts'

/** Time that is left to finish writes before Lambda ends the function. */
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
