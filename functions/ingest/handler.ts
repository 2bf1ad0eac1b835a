// Runs `ingest` on each batch that Lambda delivers from the stream, and names the first failed
// record to Lambda.

import type { Context, KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import { lazyDeadLetters } from '../aws/dead-letters/lazy-dead-letters.ts'
import { recordedDeadLetters } from '../aws/dead-letters/recorded-dead-letters.ts'
import { sha256 } from '../aws/runtime/digest.ts'
import { documentClient, functionWriter } from '../aws/runtime/document-client.ts'
import { readIngestEnvironment } from '../aws/runtime/environment.ts'
import { invocationTime } from '../aws/runtime/invocation-time.ts'
import { lazyPseudonym } from '../aws/runtime/lazy-pseudonym.ts'
import { logReport } from '../aws/runtime/report-log.ts'
import { dynamoSessionStore } from '../aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../aws/sessions-table/timer-store.ts'
import { REDRIVEN_SHARD, toBatchReply, toRecords, toRedriveReply } from '../aws/stream/kinesis-batch.ts'
import { unpackRecord } from '../aws/stream/record-events.ts'
import { dynamoShardProgress } from '../aws/stream/shard-progress.ts'
import { ingest, ingestMetrics } from './ingest.ts'
import { rememberStates, stateMemory } from './remember-states.ts'

/** Time that is left to finish a batch before Lambda ends the function. */
const TIME_LEFT_MS_MIN = 10_000

const settings = readIngestEnvironment(process.env)
const client = documentClient()
const time = invocationTime(TIME_LEFT_MS_MIN)
const loadPseudonym = lazyPseudonym(settings.pseudonymKeySecret)
const writer = functionWriter(client, settings.writes, time)
const sessions = dynamoSessionStore(client, settings.sessionsTable, writer, time)
const stored = {
  sessions,
  progress: dynamoShardProgress(client, settings.sessionsTable),
  recall: sessions.loadUsersEventually,
}
const ports = {
  ...rememberStates(stored, stateMemory(), settings.rules, Date.now),
  timers: dynamoTimerStore(client, settings.sessionsTable),
  deadLetters: lazyDeadLetters(settings.deadLetterBucket),
  digest: sha256,
  unpack: unpackRecord,
  hasTime: time.hasTime,
}

export async function handler(batch: KinesisStreamEvent, context: Context): Promise<KinesisStreamBatchResponse> {
  const records = toRecords(batch)
  time.begin(context)
  const pseudonym = await loadPseudonym()
  const deadLetters = recordedDeadLetters(ports.deadLetters)
  const report = await ingest(records, { ...ports, deadLetters, pseudonym }, settings.rules, Date.now())
  logReport('ingest', settings.pipelineName, report, ingestMetrics(report), Date.now())
  return records[0]?.shardId === REDRIVEN_SHARD
    ? toRedriveReply(report.failed, deadLetters.recorded)
    : toBatchReply(report.failed)
}
