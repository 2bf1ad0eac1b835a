// Makes the logs whose costs the bench reports, always with the same events.

import { createReadStream, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { logLines } from '../../local/replay/log-lines.ts'
import { generateLog } from '../../samples/generated-log.ts'
import type { SentEvent } from '../../samples/tutorial-events.ts'
import { idOf, longSession, STANDARD_EVENTS, standardSession } from '../standard-session.ts'

const START_MS = Date.parse('2026-03-02T09:00:30Z')
/** Users whose standard sessions run side by side, so that a batch at b = 2 is a full one. */
const STANDARD_USERS = 250
const LONG_EVENTS = 1000
const REALISTIC = { seed: 6, users: 100, days: 2, startMs: Date.parse('2026-03-02T00:00:00Z') }
const REAL_LOG = fileURLToPath(new URL('../../../shared/data/lisp/events.ndjson', import.meta.url))

/** Makes the standard sessions of users who all start at once, one log for each user. */
export function standardLogs(): SentEvent[][] {
  return Array.from({ length: STANDARD_USERS }, (_, n) => standardSession(idOf(`user ${n}`), START_MS))
}

/** Makes the log of one user whose session has a thousand events. */
export function longLog(): SentEvent[] {
  return longSession('user', START_MS, LONG_EVENTS)
}

/** Makes standard sessions that begin one after the other, each of another user. */
export function trafficLog(eventsPerSecond: number, sessions: number): SentEvent[] {
  const everyMs = (STANDARD_EVENTS * 1000) / eventsPerSecond
  const logs = Array.from({ length: sessions }, (_, n) => standardSession(idOf(`visitor ${n}`), START_MS + n * everyMs))
  return logs.flat().sort((a, b) => timeOf(a) - timeOf(b))
}

export function realisticLog(): SentEvent[] {
  return generateLog(REALISTIC)
}

/** Reads the study log; null where it does not lie beside the project. */
export async function readRealLog(): Promise<SentEvent[] | null> {
  if (!existsSync(REAL_LOG)) {
    console.error('left out the study log, which does not lie beside the project')
    return null
  }
  const events: SentEvent[] = []
  for await (const line of logLines(createReadStream(REAL_LOG))) events.push(JSON.parse(line.toString('utf8')))
  // The log lists one person after the other, though all took part on the same day.
  return events.sort((a, b) => timeOf(a) - timeOf(b))
}

function timeOf(event: SentEvent): number {
  return Date.parse(event.time as string)
}
