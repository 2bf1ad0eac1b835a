// Checks the pipeline itself, on AWS or on this machine: stream, lag, due sessions, dead letters.

import { DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis'
import type { readSweepEnvironment } from '../../functions/aws/runtime/environment.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { kinesisHorizon, REAL_PACE } from '../../functions/aws/stream/kinesis-horizon.ts'
import { dynamoEmptyShards } from '../../functions/aws/stream/shard-progress.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { isDue, watermark } from '../../functions/domain/sessions/clock.ts'
import { userCounter } from '../../functions/domain/sessions/count-users.ts'
import { counted } from '../../terminal/text-table.ts'
import type { Target } from '../target/target.ts'
import { deadLettersCheck } from './dead-letters-check.ts'
import { checked, type Finding, ok, wrong } from './finding.ts'

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
  return [
    ...(await checked('stream', () => streamCheck(target), services)),
    ...(await checked('lag', async () => lagCheck(target, await sweep(), nowMs), services)),
    ...(await checked('due sessions', async () => dueCheck(target, await sweep(), nowMs), services)),
    ...(await checked('dead letters', () => deadLettersCheck(target, where, nowMs), services)),
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
  const waiting = userCounter()
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

export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} minutes`
  return `${(ms / HOUR_MS).toFixed(1)} hours`
}
