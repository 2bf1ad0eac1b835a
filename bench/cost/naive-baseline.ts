// Measures a naive design: an item a session, to whose list each event is appended, and an index on
// the last event's time.

import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Batch } from '../../local/cost/replay-batches.ts'
import type { Endpoints } from '../../local/emulators/endpoints.ts'
import type { SentEvent } from '../../samples/tutorial-events.ts'
import { benchClient, indexed, makeTables, resultsSpec } from '../bench-tables.ts'
import { startUnitMeter, type Units } from './unit-meter.ts'

const INDEX = { name: 'last', partitionKey: 'status', sortKey: 'last_event_at' } as const

interface OpenSession {
  readonly pk: string
  readonly sk: string
  readonly events: SentEvent[]
  lastMs: number
}

/**
 * Ends sessions by gap and closers in order of arrival. It ignores that events come late or twice.
 */
export async function meterNaive(
  name: string,
  batches: readonly Batch[],
  gapMs: number,
  endpoints: Endpoints,
): Promise<Units> {
  const [table, results] = [`${name}-naive`, `${name}-naive-results`]
  const specs = [indexed(table, INDEX, 'N', 'ALL'), resultsSpec(results)]
  await makeTables(specs, endpoints)
  const meter = await startUnitMeter(endpoints.dynamodb, specs, (call) =>
    call.json().TableName === results ? 'results' : null,
  )
  const client = benchClient(meter.endpoint)
  const open = new Map<string, OpenSession>()
  const close = async ({ pk, sk, events }: OpenSession): Promise<void> => {
    meter.during('close')
    await client.send(
      new UpdateCommand({ TableName: table, Key: { pk, sk }, UpdateExpression: 'REMOVE #status', ...NAMED_STATUS }),
    )
    await client.send(new PutCommand({ TableName: results, Item: { pk, sk, events } }))
    open.delete(pk)
  }
  try {
    for (const { records } of batches) {
      for (const { data } of records) {
        const text = Buffer.from(data, 'base64').toString('utf8')
        const event = JSON.parse(text) as SentEvent
        const timeMs = Date.parse(event.time as string)
        const before = open.get(`${event.user}`)
        if (before !== undefined && timeMs - before.lastMs > gapMs) await close(before)
        const session = open.get(`${event.user}`) ?? { pk: `${event.user}`, sk: `${timeMs}`, events: [], lastMs: 0 }
        open.set(session.pk, session)
        meter.during('append')
        await client.send(append(table, session, text, timeMs))
        session.events.push(event)
        session.lastMs = Math.max(session.lastMs, timeMs)
        if (event.type === 'AppClose' || event.type === 'Timeout') await close(session)
      }
    }
    for (const session of [...open.values()]) await close(session)
    return meter.units().write
  } finally {
    client.destroy()
    await meter.stop()
  }
}

const NAMED_STATUS = { ExpressionAttributeNames: { '#status': INDEX.partitionKey } }

/** Appends the event as text, which takes no more space than a map. */
function append(table: string, { pk, sk }: OpenSession, text: string, timeMs: number): UpdateCommand {
  return new UpdateCommand({
    TableName: table,
    Key: { pk, sk },
    UpdateExpression: 'SET events = list_append(if_not_exists(events, :none), :new), #status = :open, #last = :last',
    ExpressionAttributeNames: { '#status': INDEX.partitionKey, '#last': INDEX.sortKey },
    ExpressionAttributeValues: { ':none': [], ':new': [text], ':open': 'open', ':last': timeMs },
  })
}
