// Reads the changes of closed sessions in a batch of the sessions table's stream.

import type { AttributeValue as SdkValue } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue, DynamoDBStreamEvent } from 'aws-lambda'
import type { ClosedChange, UnreadChange } from '../../ports.ts'
import { readItem } from '../runtime/item-schema.ts'
import type { Item } from '../runtime/table-items.ts'
import { closedIdOf, readClosed, userOf, versionOf } from './session-items.ts'

type Image = Readonly<Record<string, AttributeValue>>

/**
 * Returns the changes in order, and the record itself of a change that cannot be read. Throws for
 * an event that is no batch of the stream.
 */
export function toChanges(batch: DynamoDBStreamEvent): (ClosedChange | UnreadChange)[] {
  if (!Array.isArray(batch?.Records)) {
    throw new Error('finalize expects a batch of the stream of the sessions table: {"Records": [...]}')
  }
  return batch.Records.map((record) => {
    const { NewImage: after, OldImage: before, SequenceNumber: sequenceNumber } = record?.dynamodb ?? {}
    if (after === undefined || sequenceNumber === undefined) {
      throw new Error(
        'finalize expects records of the sessions table: a stream record has no new image; the stream must hold new and old images',
      )
    }
    try {
      return readItem('a change', () => toChange(sequenceNumber, after, before))
    } catch (cause) {
      return { sequenceNumber, cause, record }
    }
  })
}

function toChange(sequenceNumber: string, newImage: Image, oldImage: Image | undefined): ClosedChange {
  const after = toItem(newImage)
  const closed = readClosed(after)
  return {
    sequenceNumber,
    user: userOf(after),
    id: closedIdOf(after),
    version: versionOf(after),
    after: closed,
    before: oldImage === undefined ? null : readClosed(toItem(oldImage)),
  }
}

/** Lambda writes a binary attribute as base64 text. */
function toItem(image: Image): Item {
  const values = Object.entries(image).map(([name, value]) => {
    return [name, 'B' in value && value.B !== undefined ? { B: Buffer.from(value.B, 'base64') } : value]
  })
  return unmarshall(Object.fromEntries(values) as Record<string, SdkValue>)
}
