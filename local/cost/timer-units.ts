// Counts the units of timers where so many users share their pages as at a given rate.

import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import type { Timer } from '../../functions/ports.ts'
import { forSignals } from '../../terminal/interrupt.ts'
import { countedDynamo } from './counted-dynamo.ts'

/** A timer as a replay scheduled it. */
export interface ScheduledTimer {
  readonly user: string
  /** How long after the write of its page it fires. */
  readonly delayMs: number
}

/** Writes of pages that come again and again. */
export interface TimerWrites {
  readonly timers: readonly ScheduledTimer[]
  readonly everyMs: number
  /** How many timers each of them writes, on average. */
  readonly timersEach: number
}

export interface TimerUnits {
  readonly write: number
  readonly read: number
}

const TABLE = 'timers'
/** So many timers show what one costs. */
const TIMERS_MAX = 20_000
const WRITES_MIN = 8
/** Each sweep queries every partition of timers. A query costs a unit where it finds none. */
export const IDLE_SWEEP_UNITS = 4

/**
 * Writes pages as ingest and the sweeper do, and fires them by sweeps. Returns the units for each
 * timer, without those of sweeps that find none.
 *
 * @param kinds the writes of ingest, and those of the sweeper.
 */
export async function timerUnits(kinds: readonly TimerWrites[], sweepEveryMs: number): Promise<TimerUnits> {
  const units = { write: 0, read: 0 }
  const { document: client } = countedDynamo([TABLE], (use) => {
    units[use.kind] += use.units
  })(null)
  const store = dynamoTimerStore(client, TABLE)
  try {
    const writes = kinds.flatMap(pageWrites).sort((a, b) => a.atMs - b.atMs)
    const timers = writes.reduce((sum, write) => sum + write.timers.length, 0)
    if (timers === 0) return units
    for (const write of writes) await store.put(write.timers)
    const lastMs = writes.reduce((last, write) => Math.max(last, ...write.timers.map(({ atMs }) => atMs)), 0)
    for (let nowMs = 0; nowMs < lastMs + sweepEveryMs; nowMs += sweepEveryMs) {
      await forSignals()
      const before = units.read
      let removed = 0
      for (const list of store.lists({ fromMs: 0, toMs: nowMs })) {
        for await (const pages of list) {
          const done = pages.filter((page) => page.timers.every(({ atMs }) => atMs <= nowMs))
          for (const { id } of done) await store.remove(id)
          removed += pages.length
        }
      }
      if (removed === 0) units.read = before
    }
    return { write: units.write / timers, read: units.read / timers }
  } finally {
    client.destroy()
  }
}

interface PageWrite {
  readonly atMs: number
  readonly timers: readonly Timer[]
}

/** Takes the timers of the replay in turn. Users that come again get other names. */
function pageWrites({ timers, everyMs, timersEach }: TimerWrites): PageWrite[] {
  if (timers.length === 0 || timersEach === 0) return []
  const total = Math.min(TIMERS_MAX, Math.max(timers.length, Math.ceil(WRITES_MIN * timersEach)))
  // Pages of a large write are full, so a smaller write costs as much a timer.
  const each = Math.min(timersEach, total / WRITES_MIN)
  const writes: PageWrite[] = []
  for (let n = 0, taken = 0; taken < total; n++) {
    const upTo = Math.min(total, Math.floor((n + 1) * each))
    const some = Array.from({ length: upTo - taken }, (_, m) => nthTimer(timers, taken + m, n * everyMs))
    if (some.length > 0) writes.push({ atMs: n * everyMs, timers: some })
    taken = upTo
  }
  return writes
}

function nthTimer(timers: readonly ScheduledTimer[], n: number, nowMs: number): Timer {
  const round = Math.floor(n / timers.length)
  const { user, delayMs } = timers[n % timers.length] as ScheduledTimer
  return { user: round === 0 ? user : `${round}${user.slice(String(round).length)}`, atMs: nowMs + delayMs }
}
