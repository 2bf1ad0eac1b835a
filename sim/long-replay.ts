// Replays a part of the archive weeks or months after a run, redrives given-up changes, and checks
// that no row changes.

import { DAY_MS, HOUR_MS, SECOND_MS } from '../functions/domain/durations.ts'
import { type ResultRow, rowTime } from '../functions/domain/results/result.ts'
import { type Changes, type Delivery, redriveChanges } from './delivery.ts'
import type { Fault } from './faults.ts'
import type { Random } from './random.ts'
import { checkRollups } from './rollups.ts'
import type { SentEvent } from './watch.ts'
import type { Wiring } from './wiring.ts'

const AFTER_DAYS = [20, 30, 100, 300]
const REPLAY_MS = HOUR_MS
/** Faults strike so long. Then the pipeline comes to rest. */
const FAULTS_MS = 2 * HOUR_MS
const REST_MS = 14 * HOUR_MS

/** Draws how long after the run a part of the archive is replayed; null if it is not. */
export function drawLongReplay(random: Random, without: ReadonlySet<Fault>): number | null {
  if (without.has('longReplay') || !random.happens(0.3)) return null
  return random.oneOf(AFTER_DAYS) * DAY_MS
}

/**
 * Replays the events of each user who was never forgotten: all of them, a part, or all with a click
 * that was missing. Each event must be refused, or be a duplicate where its closed session is still
 * stored.
 *
 * @param comeTo runs the pipeline up to the time.
 */
export async function replayArchive(
  wiring: Wiring,
  delivery: Delivery,
  changes: Changes,
  random: Random,
  comeTo: (untilMs: number) => Promise<void>,
): Promise<void> {
  const { world, stores, watch } = wiring
  const { time, faults } = world
  faults.struck('longReplay')
  const rows = rowTexts(wiring)
  const stored = storedEvents(wiring)
  const replayed: { readonly user: string; readonly eventId: string; readonly sequenceNumber: string }[] = []
  for (const { user, eventId, text } of archive(wiring, random)) {
    time.at(time.nowMs() + random.between(0, REPLAY_MS), () => {
      replayed.push({ user, eventId, ...delivery.stream.put(user, text) })
    })
  }
  redriveChanges(wiring, changes, () => random.happens(0.3))
  const beganMs = time.nowMs()
  await comeTo(beganMs + FAULTS_MS)
  faults.pause()
  await comeTo(beganMs + REST_MS)
  const refused = new Set(stores.deadLetters.stored.map(({ sequenceNumber }) => sequenceNumber))
  for (const one of replayed) {
    if (refused.has(one.sequenceNumber) || stored.has(`${one.user} ${one.eventId}`)) continue
    if (!watch.isGivenUpForGood(one)) watch.report(one.user, `${one.eventId} was replayed but not refused`)
  }
  reportChanges(rows, rowTexts(wiring), wiring)
  checkRollups(wiring)
  faults.resume()
}

interface ArchivedEvent {
  readonly user: string
  readonly eventId: string
  readonly text: string
}

function archive({ stores, watch }: Wiring, random: Random): ArchivedEvent[] {
  const users = [...new Set(watch.sent.map(({ user }) => user))]
  return users.flatMap((user) => {
    // A forgotten user is a new user once the state has expired, and so is one who has no rows.
    const isForgotten = watch.sent.some((one) => one.user === user && watch.isErased(one))
    const hasRows = [...stores.results.rows.values()].some((row) => row.user === user)
    if (isForgotten || !hasRows) return []
    const events = watch.sent.filter((one) => one.user === user && hasOwnTime(one)) as ArchivedEvent[]
    const way = random.oneOf(['whole', 'part', 'with a missing click'])
    if (way === 'part') return events.filter(() => random.happens(0.5))
    return way === 'whole' ? events : [...events, ...missingClick(user, stores.results.rows.values())]
  })
}

/** An event without a time of its own happens when it arrives, so it is another event each time. */
function hasOwnTime({ event, text }: SentEvent): boolean {
  return event !== null && JSON.parse(text).time !== undefined
}

/** A click just after a search of the user; none for a user without a search. */
function missingClick(user: string, rows: Iterable<ResultRow>): ArchivedEvent[] {
  const search = [...rows].find((row) => row.user === user && row.kind === 'search')
  if (search === undefined) return []
  const time = rowTime(search) + SECOND_MS
  const eventId = 'missing'
  return [{ user, eventId, text: JSON.stringify({ type: 'ClickResult', user, eventId, item: 'a', time }) }]
}

function rowTexts({ stores }: Wiring): ReadonlyMap<string, string> {
  return new Map([...stores.results.rows].map(([key, row]) => [key, JSON.stringify(row)]))
}

/** The events of closed sessions that DynamoDB has not deleted yet. */
function storedEvents({ stores }: Wiring): ReadonlySet<string> {
  const closed = [...stores.sessions.closed.values()].flatMap((entry) => entry.closed ?? [])
  return new Set(closed.flatMap(({ user, session }) => session.events.map(({ eventId }) => `${user} ${eventId}`)))
}

function reportChanges(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  { watch, stores }: Wiring,
): void {
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(key) === after.get(key)) continue
    const user = stores.results.rows.get(key)?.user ?? JSON.parse(before.get(key) ?? '{}').user
    watch.report(user, `a replay changed row ${key} from ${before.get(key)} to ${after.get(key)}`)
  }
}
