// Reads the changes of closed sessions in a batch of the sessions table's stream.

import type { AttributeValue as SdkValue } from '@aws-sdk/client-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue, DynamoDBStreamEvent } from 'aws-lambda'
import type { ClosedChange } from '../../ports.ts'
import type { Item } from '../runtime/table-items.ts'
import { closedIdOf, readClosed, userOf, versionOf } from './session-items.ts'

type Image = Readonly<Record<string, AttributeValue>>

export function toChanges(batch: DynamoDBStreamEvent): ClosedChange[] {
  return batch.Records.map(({ dynamodb }) => {
    if (dynamodb?.NewImage === undefined || dynamodb.SequenceNumber === undefined) {
      throw new Error('a stream record has no new image; the stream must hold new and old images')
    }
    const after = toItem(dynamodb.NewImage)
    return {
      sequenceNumber: dynamodb.SequenceNumber,
      user: userOf(after),
      id: closedIdOf(after),
      version: versionOf(after),
      after: readClosed(after),
      before: dynamodb.OldImage === undefined ? null : readClosed(toItem(dynamodb.OldImage)),
    }
  })
}

/** Lambda writes a binary attribute as base64 text. */
function toItem(image: Image): Item {
  const values = Object.entries(image).map(([name, value]) => {
    return [name, 'B' in value && value.B !== undefined ? { B: Buffer.from(value.B, 'base64') } : value]
  })
  return unmarshall(Object.fromEntries(values) as Record<string, SdkValue>)
}
