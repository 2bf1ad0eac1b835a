// Gives a simulated function the stores that it writes to, singly or by the real stores in batches.

import { dynamoResultStore } from '../functions/aws/results-table/result-store.ts'
import { batchingWriter } from '../functions/aws/runtime/batching-writer.ts'
import { singleWriter } from '../functions/aws/runtime/item-writer.ts'
import { dynamoSessionStore } from '../functions/aws/sessions-table/session-store.ts'
import type { SessionStore } from '../functions/ports.ts'
import type { ResultStore } from '../functions/result-ports.ts'
import { shortLived } from './controls.ts'
import { simulatedDynamo } from './dynamo-client.ts'
import { faultyRows, faultySessions } from './faulty-stores.ts'
import { RESULTS_TABLE, SESSIONS_TABLE } from './simulated-tables.ts'
import type { Wiring } from './wiring.ts'
import type { Invocation } from './world.ts'
import { ignoringKeys } from './write-batch-controls.ts'
import type { WriteBatches } from './write-batches.ts'

export function functionSessions(wiring: Wiring, invocation: Invocation): SessionStore {
  const { world, stores, rules, control } = wiring
  const single = faultySessions(stores, invocation)
  const sessions =
    world.writeBatches === null ? single : batchedSessions(single, world.writeBatches, wiring, invocation)
  return control === 'short-lived-version' ? shortLived(sessions, rules) : sessions
}

function batchedSessions(
  single: SessionStore,
  batches: WriteBatches,
  wiring: Wiring,
  invocation: Invocation,
): SessionStore {
  const { client, writer } = batched(batches, wiring, invocation)
  const { saveUser, putClosed, putTombstone } = dynamoSessionStore(client, SESSIONS_TABLE, writer)
  return { ...single, saveUser, putClosed, putTombstone }
}

/** A busy process handles the answers of some milliseconds in one turn of its event loop. */
const TURN_MS_MAX = 20

function batched(batches: WriteBatches, { world, stores, control }: Wiring, invocation: Invocation) {
  const { time } = world
  const client = simulatedDynamo(stores.tables, batches, world, invocation)
  const retries = { hasTime: invocation.hasTime, wait: time.wait, random: batches.random.fraction }
  const soon = (send: () => void): void => time.at(time.nowMs() + batches.random.between(0, TURN_MS_MAX), send)
  const writer = batchingWriter(client, singleWriter(client), retries, 2, soon)
  return { client, writer: control === 'item-twice' ? ignoringKeys(writer) : writer }
}

type Rows = Pick<ResultStore, 'put' | 'remove'>

/** Some writes of rows land late, long after their function. */
export function functionRows(wiring: Wiring, invocation: Invocation): Rows {
  const { world, stores } = wiring
  const rows =
    world.writeBatches === null ? faultyRows(stores, invocation) : batchedRows(world.writeBatches, wiring, invocation)
  return {
    ...rows,
    put: (row, expiresAtMs, isReplaced) => {
      const lateMs = world.lateWriteMs()
      if (lateMs === null) return rows.put(row, expiresAtMs, isReplaced)
      world.time.at(world.time.nowMs() + lateMs, () => {
        world.trace.add(world.time.nowMs(), row.user, `publishes ${row.sk} version ${row.version}, late`)
        void stores.results.put(row, expiresAtMs)
      })
      // No answer comes before the timeout.
      return new Promise(() => {})
    },
  }
}

function batchedRows(batches: WriteBatches, wiring: Wiring, invocation: Invocation): Rows {
  const { client, writer } = batched(batches, wiring, invocation)
  return dynamoResultStore(client, RESULTS_TABLE, writer)
}

/** Reports each closing to the watch before it takes effect. */
export function watchedClosing(sessions: SessionStore, { world, stores, watch }: Wiring): SessionStore {
  return {
    ...sessions,
    putClosed: (closed, expiresAtMs) => {
      watch.closes(closed, stores.sessions.states.get(closed.user)?.skewMs ?? null, world.time.nowMs())
      return sessions.putClosed(closed, expiresAtMs)
    },
  }
}
