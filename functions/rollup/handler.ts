// Runs `rollup` on a schedule. The event `{"drain": true}` makes it rank the queries at once.

import type { Context } from 'aws-lambda'
import { dynamoDirtyHours } from '../aws/results-table/dirty-hours.ts'
import { dynamoRollupStore } from '../aws/results-table/rollup-store.ts'
import { sha256 } from '../aws/runtime/digest.ts'
import { documentClient } from '../aws/runtime/document-client.ts'
import { readRollupEnvironment } from '../aws/runtime/environment.ts'
import { invocationTime } from '../aws/runtime/invocation-time.ts'
import { logReport } from '../aws/runtime/report-log.ts'
import { type RollupReport, rollup, rollupMetrics } from './rollup.ts'
import { readRollupRequest } from './rollup-request.ts'

/** Time that is left to finish writes before Lambda ends the function. */
const TIME_LEFT_MS_MIN = 10_000

const settings = readRollupEnvironment(process.env)
const client = documentClient()
const time = invocationTime(TIME_LEFT_MS_MIN)
const ports = {
  dirtyHours: dynamoDirtyHours(client, settings.resultsTable),
  rollups: dynamoRollupStore(client, settings.resultsTable, time),
  digest: sha256,
  hasTime: time.hasTime,
}

export async function handler(event: unknown, context: Context): Promise<RollupReport> {
  const request = readRollupRequest(event)
  time.begin(context)
  const report = await rollup(request, ports, settings, Date.now())
  logReport('rollup', settings.pipelineName, report, rollupMetrics(report), Date.now())
  if (report.failed !== null) throw report.failed.cause
  return report
}
