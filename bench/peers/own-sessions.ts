// Computes the sessions of a log with the pipeline's own code for decoding, appending and closing.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { decodeEvent, parseEvent } from '../../functions/domain/events/decode.ts'
import type { NonEmpty } from '../../functions/domain/non-empty.ts'
import type { ClosedSession, SearchRow } from '../../functions/domain/results/result.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { type Scope, toClose } from '../../functions/domain/sessions/closing.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { NEW_USER } from '../../functions/domain/sessions/user-state.ts'
import { appendForUser, prepareShare } from '../../functions/ingest/append-for-user.ts'
import type { ArrivedEvent } from '../../functions/ingest/decode-records.ts'
import { userShare } from '../../functions/ingest/user-share.ts'
import { type MemorySessionStore, memorySessionStore } from '../../functions/memory/memory-stores.ts'
import { sessionWrites } from '../../functions/user-writes.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import type { FoundSession } from './found-session.ts'
import { LOG_END_MS } from './peer-logs.ts'

/** Lines in one batch, as a deployment takes them by default. */
const BATCH_LINES = 500

/** Due sessions close after every batch of their user, so no timer is needed. */
const hasTime = (): boolean => true
const PORTS = { timers: { put: async () => {} }, deadLetters: { put: async () => {} }, digest: sha256, hasTime }

interface OwnUser {
  readonly store: MemorySessionStore
  /** By session id: an amended session replaces the earlier one. */
  readonly found: Map<string, FoundSession>
}

/**
 * Replays the log as if all of it arrived at one moment, so that only events move a user's
 * watermark. It drains the sessions that are open after the last event. Closed sessions stay in
 * memory, because late events may amend them.
 *
 * @param rewrite changes an event before it is decoded; null drops the event.
 */
export async function ownSessions(
  lines: AsyncIterable<string>,
  rules: Rules = BENCH_SETTINGS.rules,
  rewrite: (sent: Record<string, unknown>) => Record<string, unknown> | null = (sent) => sent,
): Promise<FoundSession[]> {
  const users = new Map<string, OwnUser>()
  let byUser = new Map<string, [ArrivedEvent, ...ArrivedEvent[]]>()
  let count = 0
  for await (const line of lines) {
    const decoded = decode(line, rules, rewrite)
    if (decoded === null) continue
    const arrival = { event: decoded.event, ...ORIGIN }
    const arrivals = byUser.get(decoded.user)
    if (arrivals === undefined) byUser.set(decoded.user, [arrival])
    else arrivals.push(arrival)
    if (++count % BATCH_LINES > 0) continue
    await applyBatch(byUser, users, rules)
    byUser = new Map()
  }
  await applyBatch(byUser, users, rules)
  for (const [user, { store }] of users) await close(user, store, rules, 'all')
  return [...users.values()].flatMap(({ found }) => [...found.values()])
}

const RECORD = { shardId: 'shard', sequenceNumber: '0', arrivalMs: LOG_END_MS, data: '', subSequence: null }
const ORIGIN = { record: RECORD, origin: { subSequence: null, data: () => '' }, index: 0, arrivalMs: LOG_END_MS }

function decode(line: string, rules: Rules, rewrite: NonNullable<Parameters<typeof ownSessions>[2]>) {
  const parsed = parseEvent(line)
  const sent = parsed.ok ? rewrite(parsed.value as Record<string, unknown>) : null
  if (sent === null) return null
  const decoded = decodeEvent(sent, LOG_END_MS, rules, sha256)
  return decoded.ok ? decoded : null
}

async function applyBatch(
  byUser: ReadonlyMap<string, NonEmpty<ArrivedEvent>>,
  users: Map<string, OwnUser>,
  rules: Rules,
): Promise<void> {
  for (const [user, arrivals] of byUser) {
    const own = users.get(user) ?? newUser()
    users.set(user, own)
    const writes = sessionWrites(user, own.store, rules, LOG_END_MS, hasTime)
    const share = userShare(writes, own.store.states.get(user) ?? NEW_USER, arrivals, 0, LOG_END_MS)
    const { failed } = await appendForUser(await prepareShare(share), PORTS)
    if (failed !== null) throw failed.cause
    await close(user, own.store, rules, 'due')
  }
}

async function close(user: string, store: MemorySessionStore, rules: Rules, scope: Scope): Promise<void> {
  const state = store.states.get(user)
  if (state === undefined) return
  const closings = toClose(state, LOG_END_MS, rules, scope)
  if (closings.length > 0) await sessionWrites(user, store, rules, LOG_END_MS, hasTime).closeSessions(state, closings)
}

/** Gives each user a store of its own, because the memory store searches all that it holds. */
function newUser(): OwnUser {
  const found = new Map<string, FoundSession>()
  const store = memorySessionStore((_, { id, closed }) => {
    if (closed === null) found.delete(id)
    else found.set(id, foundIn(closed))
  })
  return { store, found }
}

function foundIn(closed: ClosedSession): FoundSession {
  const rows = toRows(closed, sha256, BENCH_SETTINGS.rowRules)
  const searches = rows.filter((row): row is SearchRow => row.kind === 'search')
  return {
    user: closed.user,
    events: closed.session.events.map(({ eventId }) => eventId),
    searches: searches.map((row) => [row.event_id, row.clicked]),
    clicks: searches.reduce((sum, row) => sum + row.clicks, 0),
    ended: closed.reason,
  }
}
