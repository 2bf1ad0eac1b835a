// Simulates a user whose ids begin anew in each session, and checks that one copy of each event
// counts and each other one is a dead letter (E2). It shares no code with the pipeline.

import { HOUR_MS, SECOND_MS } from '../functions/domain/durations.ts'
import type { Event } from '../functions/domain/events/event.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { DeadLetter } from '../functions/ports.ts'
import type { Random } from './random.ts'
import type { Stream } from './stream.ts'
import type { Sent } from './traffic.ts'
import type { SentEvent } from './watch.ts'
import type { World } from './world.ts'

const REUSER = 'reuser'
const SESSIONS = 6
const IDS = 4
const TYPES = ['AppOpen', 'Search', 'ClickResult', 'AppClose'] as const

/**
 * Sends all copies within a few hours, so that none is too late (C6). No two events have the same
 * time, so the earliest copy of an event is the one that counts.
 *
 * @param random a source of its own, so that the other draws of a seed stay as they are.
 */
export function scheduleReuse(
  startMs: number,
  random: Random,
  { time, faults }: World,
  stream: Stream,
  { amendForMs }: Rules,
  onSent: (sent: Sent) => void,
): void {
  faults.struck('reusedId')
  const spanMs = Math.min(amendForMs, 4 * HOUR_MS) / 4
  for (let session = 0; session < SESSIONS; session++) {
    const sessionMs = startMs + Math.floor(random.fraction() * spanMs)
    for (let n = 0; n < IDS; n++) {
      const timeMs = sessionMs + n * random.between(1, 20) * SECOND_MS + session * IDS + n
      const type = random.oneOf(TYPES)
      const eventId = `id${n}`
      const query = random.oneOf(['dogs', 'cats'])
      const own = { query, item: random.oneOf(['a', 'b']), labels: { variant: session % 2 === 0 ? 'A' : 'B' } }
      const text = JSON.stringify({ user: REUSER, eventId, type, time: timeMs, ...own })
      const put = (): void => {
        const { sequenceNumber, arrivalMs } = stream.put(REUSER, text)
        onSent({ user: REUSER, eventId, text, sequenceNumber, arrivalMs })
      }
      for (let copies = random.between(1, 2); copies > 0; copies--) {
        time.at(Math.max(startMs, timeMs) + Math.floor(random.fraction() * spanMs), put)
      }
    }
  }
}

/** Whether the record holds a copy of an event of which an earlier copy was sent. */
export function isConflicting({ user, event }: SentEvent, sent: readonly SentEvent[]): boolean {
  return (
    event !== null &&
    sent.some((other) => other.user === user && isCopy(other.event, event) && other.event.timeMs < event.timeMs)
  )
}

function isCopy(other: Event | null, event: Event): other is Event {
  return other?.type === event.type && other.eventId === event.eventId
}

/** Checks that the earliest of the user's copies is stored, and each other one a dead letter. */
export function checkCopies(
  user: string,
  stored: readonly Event[],
  sent: readonly SentEvent[],
  deadLetters: readonly DeadLetter[],
  report: (what: string) => void,
): void {
  if (user !== REUSER) return
  const setAside = new Set(deadLetters.filter(({ reason }) => reason === 'id-reused').map(timeIn))
  for (const one of sent) {
    if (one.user !== user || one.event === null) continue
    const { type, eventId, timeMs } = one.event
    const isStored = stored.some((event) => isCopy(one.event, event) && event.timeMs === timeMs)
    const isLater = isConflicting(one, sent)
    if (isStored && isLater) report(`${type} ${eventId} is stored although an earlier copy was sent`)
    if (!isStored && !isLater) report(`the earliest ${type} ${eventId} is not stored`)
    if (isLater && !setAside.has(timeMs)) report(`a later copy of ${type} ${eventId} is no dead letter`)
  }
}

function timeIn({ data }: DeadLetter): number {
  const { stored, time } = JSON.parse(Buffer.from(data, 'base64').toString('utf8'))
  return new Date(stored?.time ?? time).getTime()
}
