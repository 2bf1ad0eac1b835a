// The doctor's look at the pipeline itself, on AWS or here: a target in, what is well and what is wrong with it out.

import { DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis'
import type { readSweepEnvironment } from '../../functions/aws/runtime/environment.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { kinesisHorizon } from '../../functions/aws/stream/kinesis-horizon.ts'
import { loadProgress } from '../../functions/aws/stream/shard-progress.ts'
import { FAILED_PREFIX, REJECTED_PREFIX } from '../../functions/contract.ts'
import { DAY_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { isDue, watermark } from '../../functions/domain/sessions/clock.ts'
import { userCounter } from '../../functions/domain/sessions/count-users.ts'
import { counted } from '../../terminal/text-table.ts'
import { storedDeadLetters } from '../dead-letters/stored-dead-letters.ts'
import type { Target } from '../target/target.ts'
import { type Finding, looked, ok, trouble } from './finding.ts'

/** What the sweep is told. */
export type SweepEnvironment = ReturnType<typeof readSweepEnvironment>

/** From here on the alarm HorizonLag is raised. */
const LAG_MS_MAX = 10 * MINUTE_MS
/** Enough to see that something is wrong. */
const LETTERS_MAX = 1000
const DUE_USERS_MAX = 500

/** @param where the options that name the target, as they are typed. */
export async function pipelineChecks(
  target: Target,
  sweep: () => Promise<SweepEnvironment>,
  where: string,
  nowMs: number,
): Promise<Finding[]> {
  return [
    ...(await looked('stream', () => streamCheck(target))),
    ...(await looked('lag', async () => lagCheck(target, await sweep(), nowMs))),
    ...(await looked('due sessions', async () => dueCheck(target, await sweep(), nowMs))),
    ...(await looked('dead letters', () => deadLettersCheck(target, where, nowMs))),
  ]
}

async function streamCheck({ clients, outputs }: Target): Promise<Finding> {
  const command = new DescribeStreamSummaryCommand({ StreamName: outputs.StreamName })
  const { StreamDescriptionSummary: summary } = await clients.kinesis.send(command)
  const mode = summary?.StreamModeDetails?.StreamMode === 'ON_DEMAND' ? 'on demand' : 'provisioned'
  const shards = `${counted(summary?.OpenShardCount ?? 0, 'shard')}`
  const says = `${summary?.StreamStatus}, ${mode}, ${shards}, keeps ${summary?.RetentionPeriodHours} hours`
  const isWell = summary?.StreamStatus === 'ACTIVE' || summary?.StreamStatus === 'UPDATING'
  return isWell ? ok('stream', says) : trouble('stream', says, 'docs/operations.md, IngestAge')
}

function horizonOf({ clients, outputs }: Target, { givenUpAfterMs }: SweepEnvironment) {
  const progressOf = (shardId: string) => loadProgress(clients.dynamodb, outputs.SessionsTableName, shardId)
  return kinesisHorizon(clients.kinesis, outputs.StreamName, progressOf, givenUpAfterMs)
}

async function lagCheck(target: Target, sweep: SweepEnvironment, nowMs: number): Promise<Finding> {
  const lagMs = nowMs - (await horizonOf(target, sweep).readUpTo(nowMs))
  const says = `everything is applied but the last ${durationText(lagMs)}`
  return lagMs <= LAG_MS_MAX ? ok('lag', says) : trouble('lag', says, 'docs/operations.md, HorizonLag')
}

/** Of the users whose alarm is long past: those whose session should have been closed by now. */
async function dueCheck(target: Target, sweep: SweepEnvironment, nowMs: number): Promise<Finding> {
  const horizonMs = await horizonOf(target, sweep).readUpTo(nowMs)
  const atMs = horizonMs - 3 * sweep.sweepEveryMs
  const { dynamodb } = target.clients
  const table = target.outputs.SessionsTableName
  const waiting = userCounter()
  const due = new Set<string>()
  for (const list of dynamoTimerStore(dynamodb, table).lists({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
    for await (const pages of list) {
      for (const alarm of pages.flatMap(({ timers }) => timers)) {
        waiting.add(alarm.user)
        if (alarm.atMs <= atMs && due.size < DUE_USERS_MAX) due.add(alarm.user)
      }
    }
  }
  const states = await dynamoSessionStore(dynamodb, table).loadUsers([...due])
  const isOverdue = ({ open, skewMs }: { open: readonly Parameters<typeof isDue>[0][]; skewMs: number | null }) =>
    skewMs !== null && open.some((session) => isDue(session, watermark(atMs, skewMs, sweep.rules), sweep.rules))
  const overdue = [...states.values()].filter(isOverdue).length
  const says = `${counted(waiting.count(), 'user')} to be looked at, ${overdue === DUE_USERS_MAX ? `${overdue} or more` : overdue} of them overdue`
  return overdue === 0
    ? ok('due sessions', says)
    : trouble('due sessions', says, 'docs/operations.md, SweepMissing and DueBacklog')
}

/** Of today and yesterday: what is older was there before, and goes by itself. What was given up is looked at first. */
async function deadLettersCheck({ clients, outputs }: Target, where: string, nowMs: number): Promise<Finding> {
  const days = [nowMs - DAY_MS, nowMs].map((timeMs) => new Date(timeMs).toISOString().slice(0, 10))
  const reasons = new Map<string, number>()
  // One that was sent again and refused again lies there twice.
  const seen = new Set<string>()
  let isCut = false
  /** Each with a limit of its own, so that many of one kind or day hide no other. */
  const count = async (prefix: string): Promise<number> => {
    let found = 0
    const filter = { prefixes: [prefix], reason: null, day: null }
    for await (const { key, reason, sequence, subSequence } of storedDeadLetters(
      clients.s3,
      outputs.DeadLetterBucketName,
      filter,
    )) {
      const id = sequence === null ? key : `${sequence} ${subSequence}`
      if (seen.has(id)) continue
      seen.add(id)
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      found++
      if (found < LETTERS_MAX) continue
      isCut = true
      break
    }
    return found
  }
  const givenUp = await count(FAILED_PREFIX)
  const lists: string[] = []
  for (const day of days) {
    if ((await count(`${REJECTED_PREFIX}${day}/`)) > 0) lists.push(`search-ctr dead-letters list --day ${day}${where}`)
  }
  if (givenUp === 0 && lists.length === 0) return ok('dead letters', 'none since yesterday')
  const told = [...reasons].map(([reason, number]) => `${number} ${reason}`).join(', ')
  const next =
    givenUp > 0
      ? `search-ctr dead-letters list --prefix ${FAILED_PREFIX}${where}, then docs/operations.md, BatchesGivenUp`
      : `${lists.join(' and ')}, then docs/operations.md, RejectedShare`
  return trouble('dead letters', `since yesterday ${told}${isCut ? ', or more' : ''}`, next)
}

export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.round(ms / 1000)} s`
  if (ms < 60 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} minutes`
  return `${(ms / 3_600_000).toFixed(1)} hours`
}
