// Wraps the stores in the ports that an invocation sees, so that faults strike each of its calls.

import { type ResultRow, rowPartition } from '../functions/domain/results/result.ts'
import type { ClosedVersion, PageSpan, SessionStore, TimerPage, TimerStore } from '../functions/ports.ts'
import type { DirtyHours, ResultStore, RollupStore, StoredDirtyPeriod } from '../functions/result-ports.ts'
import type { Stores } from './stores.ts'
import type { Invocation } from './world.ts'

type Calls = Pick<Invocation, 'call'>

export function faultySessions({ sessions }: Stores, { call }: Calls): SessionStore {
  return {
    loadUsers: (users) => call(`reads ${users.length} users`, null, () => sessions.loadUsers(users)),
    loadClosed: (user, range) => call('reads closed sessions', user, () => sessions.loadClosed(user, range)),
    saveUser: (user, state, baseVersion, expiresAtMs) => {
      const open = state.open.map(({ events }) => events.length).join('+') || 'none'
      const what = `saves version ${state.version} with open events ${open}`
      return call(what, user, () => sessions.saveUser(user, state, baseVersion, expiresAtMs))
    },
    putClosed: (closed, expiresAtMs) => {
      const what = `closes ${closed.session.ids.join(' and ')} of ${closed.session.events.length}: ${closed.reason}`
      return call(what, closed.user, () => sessions.putClosed(closed, expiresAtMs))
    },
    putTombstone: (user, id, version, expiresAtMs) =>
      call(`puts a tombstone on ${id}`, user, () => sessions.putTombstone(user, id, version, expiresAtMs)),
    closedVersion: (user, id, nowMs) => call('reads a version', user, () => sessions.closedVersion(user, id, nowMs)),
    closedVersions: async function* (user) {
      yield await call('reads all versions', user, async () => {
        const pages: ClosedVersion[][] = []
        for await (const page of sessions.closedVersions(user)) pages.push([...page])
        return pages.flat()
      })
    },
    eraseBlocks: (user, version) => call('erases blocks', user, () => sessions.eraseBlocks(user, version)),
  }
}

export function faultyTimers({ timers }: Stores, { call }: Calls): TimerStore {
  return {
    put: (scheduled) => {
      const users = scheduled.map(({ user }) => user).join(', ')
      return call(`schedules timers for ${users}`, null, () => timers.put(scheduled))
    },
    lists: (span) => [onlyList(span)],
    remove: (id) => call('removes a page of timers', null, () => timers.remove(id)),
  }

  async function* onlyList(span: PageSpan) {
    yield await call('reads timers', null, async () => {
      const pages: TimerPage[] = []
      for (const list of timers.lists(span)) for await (const page of list) pages.push(...page)
      return pages
    })
  }
}

export function faultyRows({ results }: Stores, { call }: Calls): ResultStore {
  return {
    put: (row, expiresAtMs) =>
      call(`publishes ${row.sk} version ${row.version}`, row.user, () => results.put(row, expiresAtMs)),
    rowsOf: async function* (user) {
      yield await call('reads rows', user, async () => {
        const rows: ResultRow[] = []
        for await (const page of results.rowsOf(user)) rows.push(...page)
        return rows
      })
    },
    remove: (row, expiresAtMs) =>
      call(`removes ${row.sk} version ${row.version}`, row.pk.slice(rowPartition('').length), () =>
        results.remove(row, expiresAtMs),
      ),
  }
}

export function faultyDirtyHours({ dirtyHours }: Stores, { call }: Calls): DirtyHours {
  return {
    mark: async (periods) => {
      for (const period of periods)
        await call(`marks the period ${period.of} as dirty`, null, () => dirtyHours.mark([period]))
    },
    pages: async function* (kind) {
      yield await call(`reads dirty periods of ${kind}`, null, async () => {
        const periods: StoredDirtyPeriod[] = []
        for await (const page of dirtyHours.pages(kind)) periods.push(...page)
        return periods
      })
    },
    markSeen: (period, nowMs) =>
      call(`marks the period ${period.of} as seen`, null, () => dirtyHours.markSeen(period, nowMs)),
    clear: (period) => call(`clears ${period.of}`, null, () => dirtyHours.clear(period)),
  }
}

export function faultyRollups({ rollups }: Stores, { call }: Calls): RollupStore {
  return {
    // With so few users most slices are empty, and a call for each would slow the run down.
    rowsOf: async function* (hour, slice, from, isSegmented) {
      for await (const page of rollups.rowsOf(hour, slice, from, isSegmented))
        yield page.rows.length === 0 ? page : await call('reads rows of an hour', null, async () => page)
    },
    searchesOf: async function* (hour, slice, afterKey) {
      for await (const page of rollups.searchesOf(hour, slice, afterKey))
        yield page.length === 0 ? page : await call('reads searches of an hour', null, async () => page)
    },
    load: (key) => call('reads a rollup', null, () => rollups.load(key)),
    hoursOf: (day) => call('reads hours', null, () => rollups.hoursOf(day)),
    segmentHoursOf: (day, label) => call('reads hours by label', null, () => rollups.segmentHoursOf(day, label)),
    save: (summed, base, metadata) =>
      call(`sums ${summed.pk} ${summed.sk}`, null, () => rollups.save(summed, base, metadata)),
    remove: (key, base) => call(`removes the sum ${key.sk}`, null, () => rollups.remove(key, base)),
    ranking: (day) => call('reads a ranking', null, () => rollups.ranking(day)),
    saveRanking: (day, queries, base, metadata) =>
      call(`ranks ${queries.length}`, null, () => rollups.saveRanking(day, queries, base, metadata)),
    loadProgress: rollups.loadProgress,
    saveProgress: (name, progress, nowMs) =>
      call(`leaves ${name} unfinished`, null, () => rollups.saveProgress(name, progress, nowMs)),
  }
}
