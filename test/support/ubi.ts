// Builds documents of OpenSearch UBI 1.3 as its plugin and its collector write them.

import type { Sent } from './events.ts'

/** A document of `ubi_queries`. */
export function ubiQuery(own: Sent = {}): Sent {
  return {
    application: 'pets',
    query_id: 'q1',
    query_response_id: 'r1',
    query_response_hit_ids: ['fido', 'rover', 'rex'],
    client_id: 'CLIENT-ann',
    user_query: 'dogs',
    query: '{"query":{"match":{"name":"dogs"}}}',
    query_attributes: { experiment: 'B' },
    timestamp: '2026-03-02T00:00:00.000Z',
    ...own,
  }
}

/** A document of `ubi_events`. */
export function ubiEvent(actionName: string, own: Sent = {}): Sent {
  return {
    application: 'pets',
    action_name: actionName,
    query_id: 'q1',
    session_id: 'SESSION-1',
    client_id: 'CLIENT-ann',
    user_id: '',
    timestamp: '2026-03-02T00:00:05.000Z',
    message_type: 'INFO',
    message: 'a rover was clicked',
    event_attributes: { object: { object_id: 'rover', object_id_field: 'name' }, position: { ordinal: 2 } },
    ...own,
  }
}

export function ubiClick(objectId: unknown, ordinal: unknown, own: Sent = {}): Sent {
  return ubiEvent('click', { event_attributes: { object: { object_id: objectId }, position: { ordinal } }, ...own })
}
