// Generates the log of generated-log.ts as documents of OpenSearch UBI 1.3.

import { type Delivery, generateDeliveries, type LogSize } from './generated-log.ts'
import type { SentEvent } from './tutorial-events.ts'

export type UbiDocument = Readonly<Record<string, unknown>>

/** The number that the first result of a list has as its ordinal. */
export type OrdinalsFrom = 0 | 1

const APPLICATION = 'shop'

/**
 * Generates the documents in the order of delivery, as an application writes them:
 *
 * - a query document for a Search and its Results, and a `search` event where it has an id;
 * - an `impression` for each item of Results, and a `click` for a ClickResult;
 * - events without a counterpart for the others, such as `app_close`, which ingest ignores.
 *
 * An event that is delivered late or twice gives documents that are late or twice.
 */
export function* generateUbiLog(size: LogSize, ordinalsFrom: OrdinalsFrom): Generator<UbiDocument> {
  for (const delivery of generateDeliveries(size)) yield* documentsOf(delivery, ordinalsFrom)
}

function documentsOf({ session, index, event }: Delivery, ordinalsFrom: OrdinalsFrom): UbiDocument[] {
  const onItem = (action: string, item: unknown, rank: number): UbiDocument =>
    ubiEvent(event, action, {
      event_attributes: {
        object: { object_id: item, object_id_field: 'sku' },
        position: { ordinal: rank - 1 + ordinalsFrom },
      },
    })
  if (event.type === 'Search') return searchDocuments(event, itemsOf(session[index + 1]))
  if (event.type === 'Results') return itemsOf(event).map((item, n) => onItem('impression', item, n + 1))
  if (event.type === 'ClickResult') return [onItem('click', event.item, event.position as number)]
  return [ubiEvent(event, event.type.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase(), {})]
}

/** A generated session has the Results of a Search right after it. */
function itemsOf(results: SentEvent | undefined): readonly unknown[] {
  return results?.type === 'Results' ? (results.items as readonly unknown[]) : []
}

function searchDocuments(search: SentEvent, items: readonly unknown[]): UbiDocument[] {
  const { user, searchId, query, time, eventId } = search
  const queryDocument = {
    application: APPLICATION,
    ...(searchId !== undefined && { query_id: searchId }),
    client_id: user,
    user_query: query,
    query_attributes: {},
    object_id_field: 'sku',
    timestamp: time,
    query_response_id: `${eventId}-response`,
    query_response_hit_ids: items,
  }
  // Without an id, the event and the document would be two searches.
  if (searchId === undefined) return [queryDocument]
  return [queryDocument, ubiEvent(search, 'search', { message_type: 'QUERY', message: query })]
}

function ubiEvent({ user, searchId, time, eventId }: SentEvent, actionName: string, own: UbiDocument): UbiDocument {
  return {
    application: APPLICATION,
    action_name: actionName,
    ...(searchId !== undefined && { query_id: searchId }),
    session_id: String(eventId).replace(/-[0-9]+$/, ''),
    client_id: user,
    user_id: '',
    timestamp: time,
    ...own,
  }
}
