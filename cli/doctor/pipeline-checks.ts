// Checks the pipeline itself, on AWS or on this machine: stream, lag, due sessions, and mistakes of
// producers.

import { DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis'
import type { readSweepEnvironment } from '../../functions/aws/runtime/environment.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { kinesisHorizon, REAL_PACE } from '../../functions/aws/stream/kinesis-horizon.ts'
import { dynamoEmptyShards } from '../../functions/aws/stream/shard-progress.ts'
import { distinctCounter } from '../../functions/domain/distinct-counter.ts'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import { isDue, watermark } from '../../functions/domain/sessions/clock.ts'
import { counted } from '../../terminal/text-table.ts'
import type { Target } from '../target/target.ts'
import { deadLetterFindings } from './dead-letters-check.ts'
import { checked, durationText, type Finding, ok, wrong } from './finding.ts'
import { nearMissFindings } from './near-misses-check.ts'
import { orphanClicksCheck } from './orphan-clicks-check.ts'
import { type RecentDeadLetters, recentDeadLetters } from './recent-dead-letters.ts'
import { sampleStream } from './stream-sample.ts'

export type SweepEnvironment = ReturnType<typeof readSweepEnvironment>

/** The CloudWatch alarm HorizonLag has the same threshold. */
const LAG_MS_MAX = 10 * MINUTE_MS
/** Loads the states of no more users: so many show well enough that something is wrong. */
const DUE_USERS_MAX = 500

/** @param where the options of the target, to paste after a command. */
export async function pipelineChecks(
  target: Target,
  sweep: () => Promise<SweepEnvironment>,
  where: string,
  nowMs: number,
): Promise<Finding[]> {
  const services = target.runningPipeline === null ? 'aws' : 'local-run'
  let recent: Promise<RecentDeadLetters> | undefined
  const deadLetters = (): Promise<RecentDeadLetters> => {
    recent ??= recentDeadLetters(target, nowMs)
    return recent
  }
  const orphanClicks = async (): Promise<Finding[]> => {
    const { rules } = await sweep()
    // Where the bucket cannot be read, the check goes on without it.
    const read = await deadLetters().catch(() => null)
    return orphanClicksCheck(target, rules.gapMs, read?.deadLetters ?? [], nowMs)
  }
  // Where the settings cannot be read, the check takes the default.
  const ordinalsFrom = (): Promise<string | undefined> =>
    sweep().then(
      ({ rules }) => rules.ubiOrdinalsFrom,
      () => undefined,
    )
  return [
    ...(await checked('stream', () => streamCheck(target), services)),
    ...(await checked('lag', async () => lagCheck(target, await sweep(), nowMs), services)),
    ...(await checked('due sessions', async () => dueCheck(target, await sweep(), nowMs), services)),
    ...(await checked('dead letters', async () => deadLetterFindings(await deadLetters(), where), services)),
    ...(await checked('field names', async () => fieldNamesCheck(target, await ordinalsFrom(), nowMs), services)),
    ...(await checked('orphan clicks', orphanClicks, services)),
  ]
}

async function streamCheck({ clients, outputs }: Target): Promise<Finding> {
  const command = new DescribeStreamSummaryCommand({ StreamName: outputs.StreamName })
  const { StreamDescriptionSummary: summary } = await clients.kinesis.send(command)
  const mode = summary?.StreamModeDetails?.StreamMode === 'ON_DEMAND' ? 'on demand' : 'provisioned'
  const shards = `${counted(summary?.OpenShardCount ?? 0, 'shard')}`
  const message = `${summary?.StreamStatus}, ${mode}, ${shards}, retention ${summary?.RetentionPeriodHours} hours`
  const isWell = summary?.StreamStatus === 'ACTIVE' || summary?.StreamStatus === 'UPDATING'
  return isWell ? ok('stream', message) : wrong('stream', message, 'docs/operations.md, IngestAge')
}

async function fieldNamesCheck(
  { clients, outputs }: Target,
  ordinalsFrom: string | undefined,
  nowMs: number,
): Promise<Finding[]> {
  const shards = dynamoEmptyShards(clients.dynamodb, outputs.SessionsTableName)
  return nearMissFindings(await sampleStream(clients.kinesis, outputs.StreamName, shards, nowMs), ordinalsFrom)
}

/** Reads what the sweep reads, and stores nothing. */
function horizonOf({ clients, outputs }: Target, { givenUpAfterMs }: SweepEnvironment) {
  const shards = dynamoEmptyShards(clients.dynamodb, outputs.SessionsTableName)
  const ports = { ...shards, recordEmpty: async () => {}, ...REAL_PACE }
  return kinesisHorizon(clients.kinesis, outputs.StreamName, ports, givenUpAfterMs)
}

async function lagCheck(target: Target, sweep: SweepEnvironment, nowMs: number): Promise<Finding> {
  const lagMs = nowMs - (await horizonOf(target, sweep).readUpTo(nowMs))
  const message = `ingest has applied everything up to ${durationText(lagMs)} ago`
  return lagMs <= LAG_MS_MAX ? ok('lag', message) : wrong('lag', message, 'docs/operations.md, HorizonLag')
}

/**
 * Counts the users with a session that was due three sweeps ago and is still open. A timer may fire
 * before its session is due, so the check loads the states of the users whose timer is late.
 */
async function dueCheck(target: Target, sweep: SweepEnvironment, nowMs: number): Promise<Finding> {
  const horizonMs = await horizonOf(target, sweep).readUpTo(nowMs)
  const atMs = horizonMs - 3 * sweep.sweepEveryMs
  const { dynamodb } = target.clients
  const table = target.outputs.SessionsTableName
  const waiting = distinctCounter()
  const due = new Set<string>()
  for (const list of dynamoTimerStore(dynamodb, table).lists({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
    for await (const pages of list) {
      for (const timer of pages.flatMap(({ timers }) => timers)) {
        waiting.add(timer.user)
        if (timer.atMs <= atMs && due.size < DUE_USERS_MAX) due.add(timer.user)
      }
    }
  }
  const states = await dynamoSessionStore(dynamodb, table).loadUsers([...due])
  const isOverdue = ({ open, skewMs }: { open: readonly Parameters<typeof isDue>[0][]; skewMs: number | null }) =>
    skewMs !== null && open.some((session) => isDue(session, watermark(atMs, skewMs, sweep.rules), sweep.rules))
  const overdue = [...states.values()].filter(isOverdue).length
  const overdueText = overdue === DUE_USERS_MAX ? `${overdue} or more` : overdue
  const message = `${counted(waiting.count(), 'user')} with a timer, ${overdueText} overdue`
  return overdue === 0
    ? ok('due sessions', message)
    : wrong('due sessions', message, 'docs/operations.md, SweepMissing and DueBacklog')
}
