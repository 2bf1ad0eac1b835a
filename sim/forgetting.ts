// Forgetting in one run: users in, the real step run on some of them at some moment, until it is done and once more.

import { MINUTE_MS } from '../functions/domain/durations.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { forget } from '../functions/forget/forget.ts'
import type { SessionStore } from '../functions/ports.ts'
import { deleting } from './controls.ts'
import { reachedDirtyHours } from './rollups.ts'
import type { Wiring } from './steps.ts'
import { reachedSessions } from './stores.ts'
import { type Invocation, invoke } from './world.ts'

/** Long enough for functions that were under way to end, however slow: what they left is found the second time. */
const PAUSE_MS = 20 * MINUTE_MS
const AGAIN_MS = 10_000
const DEAD_LETTERS_KEPT_MS = 24 * 60 * MINUTE_MS

export function scheduleForgetting(
  users: readonly string[],
  startMs: number,
  durationMs: number,
  wiring: Wiring,
): void {
  const { world } = wiring
  for (const user of users) {
    if (!world.faults.strikes('forgottenUser')) continue
    world.time.at(startMs + world.random.between(0, durationMs), () => void forgetTwice(user, wiring))
  }
}

async function forgetTwice(user: string, wiring: Wiring): Promise<void> {
  const { world } = wiring
  for (let done = 0; done < 2; ) {
    const outcome = await invoke(world, (invocation) => forgetOnce(user, wiring, invocation))
    if (outcome.ok) done++
    await world.time.wait(outcome.ok ? PAUSE_MS : AGAIN_MS)
  }
}

async function forgetOnce(user: string, wiring: Wiring, invocation: Invocation): Promise<void> {
  const { world, stores, watch, control } = wiring
  const { call } = invocation
  const reached = reachedSessions(stores, invocation)
  const watched: SessionStore = {
    ...reached,
    saveUser: async (_, state, baseVersion, expiresAtMs) => {
      watch.mayBeForgotten(user, state.forgotten?.atMs ?? 0)
      await reached.saveUser(user, state, baseVersion, expiresAtMs)
    },
  }
  const { results, deadLetters } = stores
  const ports = {
    sessions: control === 'forget-by-deleting' ? deleting(watched) : watched,
    results: {
      rowsOf: async function* () {
        yield await call('looks for rows', user, async () => {
          const rows: ResultRow[] = []
          for await (const page of results.rowsOf(user)) rows.push(...page)
          return rows
        })
      },
      remove: (row: ResultRow, olderThan: number) =>
        call(`forgets ${row.sk} older than ${olderThan}`, user, () => results.remove(row, olderThan)),
    },
    dirtyHours: reachedDirtyHours(stores, invocation),
    deadLetters: {
      erase: (_: string, storedAs: string, atMs: number) =>
        call('erases dead letters', user, () => deadLetters.erase(user, storedAs, atMs)),
    },
    pseudonym: (sent: string) => sent,
  }
  await forget(user, ports, { deadLetterRetentionMs: DEAD_LETTERS_KEPT_MS }, world.time.nowMs())
}
