// Forgets some users of a run with the real step, twice each, as an operator has to.

import { DAY_MS, MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import { forget } from '../functions/forget/forget.ts'
import type { SessionStore } from '../functions/ports.ts'
import { deleting, deletingRows } from './controls.ts'
import { faultyDirtyHours, faultyRows, faultySessions } from './faulty-stores.ts'
import type { Wiring } from './wiring.ts'
import { type Invocation, invoke } from './world.ts'

/**
 * Functions that began before the first time have ended by then, however slow. The second time
 * removes what they wrote.
 */
const SECOND_TIME_AFTER_MS = 20 * MINUTE_MS
const RETRY_AFTER_MS = 10 * SECOND_MS
const DEAD_LETTER_RETENTION_MS = DAY_MS

/** Draws which of the users are forgotten during the visit, and when. */
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
    await world.time.wait(outcome.ok ? SECOND_TIME_AFTER_MS : RETRY_AFTER_MS)
  }
}

async function forgetOnce(user: string, wiring: Wiring, invocation: Invocation): Promise<void> {
  const { world, stores, watch, control } = wiring
  const sessions = faultySessions(stores, invocation)
  const watched: SessionStore = {
    ...sessions,
    saveUser: async (_, state, baseVersion, expiresAtMs) => {
      watch.mayBeForgotten(user, state.forgotten?.atMs ?? 0)
      await sessions.saveUser(user, state, baseVersion, expiresAtMs)
    },
  }
  const { deadLetters } = stores
  const rows = faultyRows(stores, invocation)
  const ports = {
    sessions: control === 'forget-by-deleting' ? deleting(watched) : watched,
    results: control === 'row-delete' ? deletingRows(rows, stores.results) : rows,
    dirtyHours: faultyDirtyHours(stores, invocation),
    deadLetters: {
      erase: (_: string, storedAs: string, atMs: number) =>
        invocation.call('erases dead letters', user, () => deadLetters.erase(user, storedAs, atMs)),
    },
    pseudonym: (sent: string) => sent,
  }
  await forget(
    user,
    ports,
    { rules: wiring.rules, deadLetterRetentionMs: DEAD_LETTER_RETENTION_MS },
    world.time.nowMs(),
  )
}
