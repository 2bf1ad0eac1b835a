// Holds what the JSON schemas of UBI 1.3.0 require of a query document and of an event.

const text = (maxLength: number) => ({ type: 'string', maxLength })
const id = { anyOf: [text(256), { type: 'integer' }] }

const DATE_TIME = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:\\d{2})$'
const timestamp = { type: 'string', pattern: DATE_TIME }

export const UBI_QUERY_SCHEMA = {
  type: 'object',
  required: ['user_query'],
  properties: {
    application: text(100),
    query_id: text(100),
    client_id: text(100),
    user_query: { type: 'string' },
    query_attributes: { type: 'object' },
    object_id_field: text(100),
    timestamp,
    query_response_id: { type: 'string' },
    query_response_hit_ids: { type: 'array', items: { type: 'string' } },
  },
  additionalProperties: false,
} as const

const position = {
  type: 'object',
  oneOf: [
    { properties: { ordinal: { type: 'integer' } }, required: ['ordinal'] },
    { properties: { xy: { type: 'object', required: ['x', 'y'] } }, required: ['xy'] },
  ],
}

export const UBI_EVENT_SCHEMA = {
  type: 'object',
  required: ['action_name', 'timestamp'],
  properties: {
    application: text(100),
    action_name: text(100),
    query_id: text(100),
    session_id: text(100),
    client_id: text(100),
    user_id: text(100),
    timestamp,
    message_type: text(100),
    message: text(1024),
    event_attributes: {
      type: 'object',
      required: ['position'],
      properties: {
        object: {
          type: 'object',
          required: ['object_id'],
          properties: { object_id: id, object_id_type: text(100), object_id_field: text(100), internal_id: id },
        },
        position,
      },
    },
  },
  additionalProperties: false,
} as const
