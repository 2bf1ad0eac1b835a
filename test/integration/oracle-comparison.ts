// Compares the sessions of a generated log through the deployed functions with the oracle's (S1).

import { expect } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { generateLog } from '../../samples/generated-log.ts'
import { oracleSessions } from '../../sim/oracle.ts'
import { at, ROW_RULES, RULES } from '../support/events.ts'
import { runLocally } from './on-emulators.ts'

/** Sends the log of so many users over several shards, with small limits. */
export async function expectOracleSessions(users: number, days: number): Promise<void> {
  const rules = { ...RULES, maxSessionEvents: 20, amendForMs: 30 * DAY_MS }
  const log = generateLog({ seed: 7, users, days, startMs: at(0) })
  const { summary } = await runLocally(
    { shards: '3', maxSessionEvents: '20', amendFor: '30d' },
    log.map((event) => JSON.stringify(event)),
  )
  const byUser = new Map<string, Event[]>()
  for (const sent of log) {
    const decoded = decodeEvent(sent, Number.MAX_SAFE_INTEGER, {}, sha256)
    if (!decoded.ok) throw new Error(decoded.detail)
    byUser.set(decoded.user, [...(byUser.get(decoded.user) ?? []), decoded.event])
  }
  const sessions = [...byUser].flatMap(([user, events]) => {
    return oracleSessions(events, rules).map((session) => ({ user, events: session.events }))
  })
  const rows = sessions.flatMap(({ user, events }, n) => {
    return toRows(
      { user, session: { ids: [`${n}`], continues: null, limitedBy: null, events }, reason: 'gap', version: 1 },
      sha256,
      ROW_RULES,
    )
  })
  const searches = rows.filter((row) => row.kind === 'search')
  expect(summary).toMatchObject({
    users: byUser.size,
    sessions: sessions.length,
    accepted: sessions.reduce((sum, session) => sum + session.events.length, 0),
    rejected: {},
    searches: searches.length,
    searchesWithClick: searches.filter((row) => row.clicked === 1).length,
    clicks: searches.reduce((sum, row) => sum + row.clicks, 0),
    zeroResultSearches: searches.filter((row) => row.zero_results === 1).length,
    sessionsWithSearch: rows.filter((row) => row.kind === 'session').length,
  })
}
