// Lambda: a batch of the sessions table's stream in, `finalize` on it, the first failure out.

import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { toChanges } from '../aws/closed-changes.ts'
import { sha256 } from '../aws/digest.ts'
import { documentClient } from '../aws/document-client.ts'
import { readFinalizeEnvironment } from '../aws/environment.ts'
import { toBatchReply } from '../aws/kinesis-batch.ts'
import { logReport } from '../aws/report-log.ts'
import { dynamoResultStore } from '../aws/result-store.ts'
import { dynamoSessionStore } from '../aws/session-store.ts'
import { SESSION_DURATION_MS_MAX } from '../contract.ts'
import { finalize } from './finalize.ts'

const settings = readFinalizeEnvironment(process.env)
const client = documentClient()
const ports = {
  sessions: dynamoSessionStore(client, settings.sessionsTable, SESSION_DURATION_MS_MAX),
  results: dynamoResultStore(client, settings.resultsTable),
  digest: sha256,
}

export async function handler(batch: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const report = await finalize(toChanges(batch), ports, settings, Date.now())
  logReport('finalize', report)
  return toBatchReply(report.failed)
}
