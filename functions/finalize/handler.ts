// Runs `finalizeBatch` on each batch of the sessions table's stream, and names the first failed
// change to Lambda.

import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { lazyUnreadChanges } from '../aws/dead-letters/lazy-dead-letters.ts'
import { finalizeStores } from '../aws/results-table/result-store.ts'
import { sha256 } from '../aws/runtime/digest.ts'
import { documentClient, functionWriter } from '../aws/runtime/document-client.ts'
import { readFinalizeEnvironment } from '../aws/runtime/environment.ts'
import { invocationTime } from '../aws/runtime/invocation-time.ts'
import { logReport } from '../aws/runtime/report-log.ts'
import { toChanges } from '../aws/sessions-table/closed-changes.ts'
import { dynamoSessionStore } from '../aws/sessions-table/session-store.ts'
import { toBatchReply } from '../aws/stream/kinesis-batch.ts'
import { finalizeBatch, finalizeBatchMetrics } from './finalize-batch.ts'

/** Time that is left to finish a change before Lambda ends the function. */
const TIME_LEFT_MS_MIN = 10_000

const settings = readFinalizeEnvironment(process.env)
const client = documentClient()
const time = invocationTime(TIME_LEFT_MS_MIN)
const writer = functionWriter(client, settings.writes, time)
const ports = {
  sessions: dynamoSessionStore(client, settings.sessionsTable),
  ...finalizeStores(client, settings.resultsTable, settings.rollups === 'on', writer),
  unread: lazyUnreadChanges(settings.deadLetterBucket),
  digest: sha256,
  hasTime: time.hasTime,
}

export async function handler(batch: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  const changes = toChanges(batch)
  time.begin(context)
  const report = await finalizeBatch(changes, ports, settings, Date.now())
  const counts = { ...report, refused: report.refused.length }
  logReport('finalize', settings.pipelineName, counts, finalizeBatchMetrics(report), Date.now())
  // The list is for a redrive. Lambda ignores it.
  return { ...toBatchReply(report.failed), ...(report.refused.length > 0 && { refused: report.refused }) }
}
