// Measures what ingest does with one record: the blocks of code that run, the requests to stores
// and the bytes that these carry.

import inspector from 'node:inspector'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import { NEIGHBOUR_BYTES_MAX } from '../../functions/domain/sessions/neighbours.ts'
import { totalBytes } from '../../functions/domain/sessions/state-size.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import type { ArrivedRecord, SessionStore } from '../../functions/ports.ts'
import { at, RULES, record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'
import { type CostCase, recordOf } from './random-records.ts'

export interface Cost {
  /** How often V8 has run a block of the code in `functions`, without the stores in memory. */
  readonly steps: number
  /** Items that ingest has read or written, and questions that found none. */
  readonly requests: number
  /** Bytes of the sessions and dead letters in these. */
  readonly bytes: number
}

export interface Measured extends Cost {
  readonly size: RecordSize
}

/** A record is charged for each of these. */
export interface RecordSize {
  readonly users: number
  readonly events: number
  /** Unpacked. */
  readonly bytes: number
}

let session: inspector.Session | null = null

/**
 * Returns the steps since the last call. It counts with V8's coverage, so the count does not depend
 * on the machine or its load. V8 counts only in functions that it compiles after the first call. So
 * this needs a process of its own, in which no other test runs the code before.
 */
function takeSteps(): number {
  if (session === null) {
    session = new inspector.Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }
  let steps = 0
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error !== null) throw error
    for (const { url, functions } of coverage.result) {
      if (!isOfSteps(url)) continue
      for (const { ranges } of functions) for (const { count } of ranges) steps += count
    }
  })
  return steps
}

function isOfSteps(url: string): boolean {
  return url.includes('/functions/') && !url.includes('/functions/memory/') && !url.includes('/node_modules/')
}

const ARRIVAL_MS = at(0)
/** The earlier records arrive this long before. */
const EARLIER_MS = 60_000

/** @param unpack stands in for how ingest unpacks the record. */
export async function measure(drawn: CostCase, unpack = unpackRecord): Promise<Measured> {
  takeSteps()
  const rules = { ...RULES, lateEvents: drawn.lateEvents, maxSessionEvents: drawn.maxSessionEvents }
  const pipeline = memoryPipeline(rules)
  for (const burst of drawn.earlier) {
    const arrivalMs = ARRIVAL_MS - EARLIER_MS
    await pipeline.ingest(
      [record(recordOf([burst], { order: 'as drawn', packing: 'array' }, arrivalMs), arrivalMs)],
      arrivalMs,
    )
  }
  if (drawn.areClosed) await pipeline.sweep(ARRIVAL_MS - 1, true)
  const { ports, counted, asked } = meteredPorts(pipeline)
  const arrived = record(recordOf(drawn.record, drawn, ARRIVAL_MS), ARRIVAL_MS)
  takeSteps()
  await ingest([arrived], { ...ports, unpack }, rules, ARRIVAL_MS)
  return { ...counted, steps: takeSteps(), size: sizeOf(arrived, asked.size) }
}

function sizeOf(arrived: ArrivedRecord, users: number): RecordSize {
  const { events, bytes } = unpackRecord(arrived)
  return { users, events: events.length, bytes }
}

function meteredPorts({ ports }: MemoryPipeline) {
  const counted = { requests: 0, bytes: 0 }
  const asked = new Set<string>()
  const charge = (requests: number, bytes: number): void => {
    counted.requests += requests
    counted.bytes += bytes
  }
  const { sessions, timers, deadLetters } = ports
  const metered: SessionStore = {
    ...sessions,
    loadUsers: async (users) => {
      const found = await sessions.loadUsers(users)
      for (const user of users) asked.add(user)
      charge(users.length, 0)
      for (const { open } of found.values()) charge(0, totalBytes(open))
      return found
    },
    loadClosed: async (...range) => {
      const found = await sessions.loadClosed(...range)
      charge(1 + (found?.length ?? 0), found === null ? NEIGHBOUR_BYTES_MAX : totalBytes(found))
      return found
    },
    saveUser: async (user, state, ...rest) => {
      charge(1, totalBytes(state.open))
      await sessions.saveUser(user, state, ...rest)
    },
    putClosed: async (closed, ...rest) => {
      charge(1, totalBytes([closed.session]))
      await sessions.putClosed(closed, ...rest)
    },
    putTombstone: async (...tombstone) => {
      charge(1, 0)
      await sessions.putTombstone(...tombstone)
    },
  }
  return {
    counted,
    asked,
    ports: {
      ...ports,
      sessions: metered,
      timers: {
        put: async (scheduled: Parameters<typeof timers.put>[0]) => {
          charge(scheduled.length, 0)
          await timers.put(scheduled)
        },
      },
      deadLetters: {
        put: async (rejected: Parameters<typeof deadLetters.put>[0]) => {
          for (const { data } of rejected) charge(1, data.length)
          await deadLetters.put(rejected)
        },
      },
    },
  }
}
