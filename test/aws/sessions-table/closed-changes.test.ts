// Tests which changes of closed sessions a batch of the sessions table's stream holds.

import { marshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue, DynamoDBRecord, StreamRecord } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import type { Item } from '../../../functions/aws/runtime/table-items.ts'
import { toChanges } from '../../../functions/aws/sessions-table/closed-changes.ts'
import { encodeSessions } from '../../../functions/aws/sessions-table/session-code.ts'
import { closedItem, tombstoneItem } from '../../../functions/aws/sessions-table/session-items.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { ClosedSession } from '../../../functions/domain/results/result.ts'
import { at, bare, click, results, search } from '../../support/events.ts'

const EXPIRES_MS = at(100)
const ID = '20260302T000000000Z-open'

const events = nonEmpty([
  bare('AppOpen', at(0), { eventId: 'open' }),
  search(at(1)),
  results(at(2), ['a']),
  click(at(3), 'a'),
])

function closed(version: number, user = 'ann'): ClosedSession {
  return { user, session: { ids: [ID], continues: null, limitedBy: null, events }, reason: 'gap', version }
}

/** Lambda writes binary attributes as base64 text. */
function image(item: Item): Record<string, AttributeValue> {
  const values = Object.entries(marshall(item)).map(([name, value]) => {
    return [name, value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') }]
  })
  return JSON.parse(JSON.stringify(Object.fromEntries(values))) as Record<string, AttributeValue>
}

function change(record: StreamRecord): DynamoDBRecord {
  return { eventName: 'MODIFY', dynamodb: { SequenceNumber: '111', StreamViewType: 'NEW_AND_OLD_IMAGES', ...record } }
}

function read(...records: DynamoDBRecord[]) {
  return toChanges({ Records: records })
}

describe('a change of a closed session', () => {
  it('is read from the text that Lambda writes', () => {
    const sessions = Buffer.from(encodeSessions([closed(3).session], 0)).toString('base64')
    const written = {
      pk: { S: 'user#ann' },
      sk: { S: `closed#${ID}` },
      kind: { S: 'closed' },
      schema: { N: '1' },
      version: { N: '3' },
      reason: { S: 'gap' },
      sessions: { B: sessions },
      expires_at: { N: '1772409700' },
    }
    expect(read(change({ NewImage: written }))).toEqual([
      { sequenceNumber: '111', user: 'ann', id: ID, version: 3, after: closed(3), before: null },
    ])
  })

  it('holds the session before and after', () => {
    const images = {
      OldImage: image(closedItem(closed(3), EXPIRES_MS)),
      NewImage: image(closedItem(closed(9), EXPIRES_MS)),
    }
    expect(read(change(images))).toEqual([
      { sequenceNumber: '111', user: 'ann', id: ID, version: 9, after: closed(9), before: closed(3) },
    ])
  })

  it('holds no session after a tombstone was put', () => {
    const tombstone = image(tombstoneItem('ann', ID, 9, EXPIRES_MS))
    expect(read(change({ OldImage: image(closedItem(closed(3), EXPIRES_MS)), NewImage: tombstone }))).toEqual([
      { sequenceNumber: '111', user: 'ann', id: ID, version: 9, after: null, before: closed(3) },
    ])
    expect(read(change({ NewImage: tombstone }))[0]).toMatchObject({ version: 9, after: null, before: null })
  })

  it('holds no session before a tombstone was replaced', () => {
    const images = {
      OldImage: image(tombstoneItem('ann', ID, 3, EXPIRES_MS)),
      NewImage: image(closedItem(closed(9), EXPIRES_MS)),
    }
    expect(read(change(images))[0]).toMatchObject({ version: 9, after: closed(9), before: null })
  })

  it.each(['a#b', 'user#ann', 'Zoë 検索', '__proto__'])('names the user %s and the session exactly', (user) => {
    const id = '20260302T000000000Z-closed#user#1'
    const item = tombstoneItem(user, id, 2, EXPIRES_MS)
    expect(read(change({ NewImage: image(item) }))[0]).toMatchObject({ user, id })
  })

  it('stays in the order of the batch', () => {
    const changes = ['7', '30', '4'].map((sequence, n) =>
      change({ SequenceNumber: sequence, NewImage: image(closedItem(closed(n), EXPIRES_MS)) }),
    )
    expect(read(...changes).map((found) => found.sequenceNumber)).toEqual(['7', '30', '4'])
  })

  it.each<[string, DynamoDBRecord]>([
    ['its new image', change({ OldImage: image(closedItem(closed(3), EXPIRES_MS)) })],
    ['its images', { eventName: 'MODIFY' }],
    ['its sequence number', { dynamodb: { NewImage: image(closedItem(closed(3), EXPIRES_MS)) } }],
  ])('is refused without %s', (_, broken) => {
    expect(() => read(broken)).toThrow('a stream record has no new image')
  })
})
