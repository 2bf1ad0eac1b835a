// Runs `sweep` on a schedule. The event `{"drain": true}` makes it a drain, which `fromMs`
// continues.

import { KinesisClient } from '@aws-sdk/client-kinesis'
import type { Context } from 'aws-lambda'
import { boundedRequests } from '../aws/runtime/bounded-requests.ts'
import { documentClient, functionWriter } from '../aws/runtime/document-client.ts'
import { readSweepEnvironment } from '../aws/runtime/environment.ts'
import { invocationTime } from '../aws/runtime/invocation-time.ts'
import { logReport } from '../aws/runtime/report-log.ts'
import { dynamoSessionStore } from '../aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../aws/sessions-table/timer-store.ts'
import { kinesisHorizon, READ_EVERY_MS, REAL_PACE } from '../aws/stream/kinesis-horizon.ts'
import { dynamoEmptyShards } from '../aws/stream/shard-progress.ts'
import { type SweepReport, sweep, sweepMetrics } from './sweep.ts'
import { readSweepRequest } from './sweep-request.ts'

/** Time that is left to finish writes before Lambda ends the function. */
const TIME_LEFT_MS_MIN = 5000

const settings = readSweepEnvironment(process.env)
const client = documentClient()
const time = invocationTime(TIME_LEFT_MS_MIN)
// `boundedRequests` uses HTTP/1.1. The default HTTP/2 handler opens a connection for every request.
const kinesis = new KinesisClient(boundedRequests())
const sessions = dynamoSessionStore(client, settings.sessionsTable, functionWriter(client, settings.writes, time), time)
const timers = dynamoTimerStore(client, settings.sessionsTable)
const horizon = kinesisHorizon(
  kinesis,
  settings.stream,
  { ...dynamoEmptyShards(client, settings.sessionsTable), ...REAL_PACE },
  settings.givenUpAfterMs,
)
const ports = { sessions, timers, horizon, hasTime: time.hasTime }

export async function handler(event: unknown, context: Context): Promise<SweepReport> {
  const request = readSweepRequest(event)
  time.begin(context)
  // A shard answers five reads a second, so the sweepers read the horizon one after the other.
  await REAL_PACE.wait((request.share?.number ?? 0) * READ_EVERY_MS)
  const report = await sweep(request, ports, settings, Date.now())
  logReport('sweep', settings.pipelineName, report, sweepMetrics(report, request.drain), Date.now())
  if (report.failed !== null) throw report.failed.cause
  return report
}
