// Checks whether dead letters were written since yesterday.

import { FAILED_PREFIX, REJECTED_PREFIX } from '../../functions/contract.ts'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { storedDeadLetters } from '../dead-letters/stored-dead-letters.ts'
import type { Target } from '../target/target.ts'
import { type Finding, ok, wrong } from './finding.ts'

/** Reads no more dead letters of one prefix: so many show well enough that something is wrong. */
const DEAD_LETTERS_MAX = 1000

interface Counts {
  readonly byReason: Map<string, number>
  /**
   * Identifies the records that are counted: a record that was refused twice has two dead letters.
   */
  readonly seen: Set<string>
  hasMore: boolean
}

/**
 * Leaves out rejected events of earlier days, which expire by themselves, but no failed batch: the
 * next step is for failed batches first.
 *
 * @param where the options of the target, to paste after a command.
 */
export async function deadLettersCheck(target: Target, where: string, nowMs: number): Promise<Finding> {
  const days = [nowMs - DAY_MS, nowMs].map((timeMs) => new Date(timeMs).toISOString().slice(0, 10))
  const counts: Counts = { byReason: new Map(), seen: new Set(), hasMore: false }
  const failed = await countUnder(FAILED_PREFIX, target, counts)
  const lists: string[] = []
  for (const day of days) {
    const rejected = await countUnder(`${REJECTED_PREFIX}${day}/`, target, counts)
    if (rejected > 0) lists.push(`search-ctr dead-letters list --day ${day}${where}`)
  }
  if (failed === 0 && lists.length === 0) return ok('dead letters', 'none since yesterday')
  const reasons = [...counts.byReason].map(([reason, count]) => `${count} ${reason}`).join(', ')
  const next =
    failed > 0
      ? `search-ctr dead-letters list --prefix ${FAILED_PREFIX}${where}, then docs/operations.md, BatchesGivenUp`
      : `${lists.join(' and ')}, then docs/operations.md, RejectedShare`
  return wrong('dead letters', `since yesterday ${reasons}${counts.hasMore ? ', or more' : ''}`, next)
}

/**
 * Counts with a limit of its own, so that many dead letters under one prefix hide none of another.
 */
async function countUnder(prefix: string, { clients, outputs }: Target, counts: Counts): Promise<number> {
  const filter = { prefixes: [prefix], reason: null, day: null }
  let found = 0
  for await (const deadLetter of storedDeadLetters(clients.s3, outputs.DeadLetterBucketName, filter)) {
    const { key, reason, sequence, subSequence } = deadLetter
    const id = sequence === null ? key : `${sequence} ${subSequence}`
    if (counts.seen.has(id)) continue
    counts.seen.add(id)
    counts.byReason.set(reason, (counts.byReason.get(reason) ?? 0) + 1)
    found++
    if (found < DEAD_LETTERS_MAX) continue
    counts.hasMore = true
    break
  }
  return found
}
