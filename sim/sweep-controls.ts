// Defines the negative controls of the sweeper: wrong horizons, and a wrong order of its writes.

import { type HorizonPorts, READ_FOR_MS } from '../functions/aws/stream/kinesis-horizon.ts'
import { ARRIVAL_SPREAD_MS } from '../functions/aws/stream/shard-reading.ts'
import { toClose } from '../functions/domain/sessions/closing.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { Horizon, SessionStore, Timer, TimerStore } from '../functions/ports.ts'

/**
 * `wall-clock-sweep`: a horizon at the present. Where a shard lags, the sweeper closes sessions
 * although events that belong to them still wait in the stream.
 */
export const wallClock: Horizon = { readUpTo: async (nowMs) => nowMs }

/**
 * `exact-arrival`: adds the spread that the horizon subtracted. A session then closes although a
 * record with a slightly earlier arrival time comes next.
 */
export function exactArrival(horizon: Horizon): Horizon {
  return { readUpTo: async (nowMs) => (await horizon.readUpTo(nowMs)) + ARRIVAL_SPREAD_MS }
}

/**
 * `forgetful-horizon`: reads five pages of a shard and stores nothing. Where a page covers only
 * minutes of a quiet shard, the horizon stays hours behind.
 */
export function forgettingEmpty(ports: HorizonPorts): HorizonPorts {
  let waits = 0
  return {
    ...ports,
    recordEmpty: async () => {},
    nowMs: () => ports.nowMs() + (waits < 4 ? 0 : READ_FOR_MS),
    wait: (ms) => {
      waits++
      return ports.wait(ms)
    },
  }
}

/**
 * `page-first`: schedules timers only after the next page is removed. If the function dies in
 * between, the users of that page have open sessions and no timer.
 */
export function pageFirst(timers: TimerStore): TimerStore {
  const postponed: Timer[] = []
  return {
    ...timers,
    put: async (scheduled) => {
      postponed.push(...scheduled)
    },
    remove: async (id) => {
      await timers.remove(id)
      const next = postponed.splice(0)
      if (next.length > 0) await timers.put(next)
    },
  }
}

/**
 * `closings-at-end`: saves a state only when no session of it is due. If the sweeper is killed
 * before, the next sweep begins at the first session again, however many a user has.
 */
export function savingAtEnd(sessions: SessionStore, horizon: Horizon, rules: Rules) {
  const storedVersions = new Map<string, number>()
  let horizonMs = 0
  const saveUser: SessionStore['saveUser'] = async (user, state, baseVersion, expiresAtMs) => {
    const version = storedVersions.get(user) ?? baseVersion
    storedVersions.set(user, version)
    if (toClose(state, horizonMs, rules, 'due').length > 0) return
    await sessions.saveUser(user, { ...state, version: version + 1 }, version, expiresAtMs)
  }
  const putClosed: SessionStore['putClosed'] = (closed, expiresAtMs) =>
    sessions.putClosed({ ...closed, version: storedVersions.get(closed.user) ?? closed.version }, expiresAtMs)
  const readUpTo: Horizon['readUpTo'] = async (nowMs) => {
    horizonMs = await horizon.readUpTo(nowMs)
    return horizonMs
  }
  return { sessions: { ...sessions, saveUser, putClosed }, horizon: { readUpTo }, hasTime: () => true }
}
