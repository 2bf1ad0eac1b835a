// Tests the stack by its template, and what a service sends by a mocked client. Neither needs AWS.

import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { App } from 'aws-cdk-lib/core'
import { mockClient } from 'aws-sdk-client-mock'
import type { EventInput } from 'search-session-ctr/event'
import { createProducer } from 'search-session-ctr/producer'
import { describe, expect, it } from 'vitest'
import { SearchStack } from '../search-stack.ts'

const template = Template.fromStack(new SearchStack(new App(), 'Tested'))

describe('the stack', () => {
  it('keeps the data when the stack is deleted', () => {
    const tables = template.findResources('AWS::DynamoDB::GlobalTable')
    expect(Object.values(tables).map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Retain', 'Retain'])
  })

  it('passes the settings to ingest', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ GAP_MS: String(30 * 60 * 1000) }) },
    })
  })
})

describe('a service', () => {
  it('sends a search, its results and a click in one record of the user', async () => {
    const kinesis = mockClient(KinesisClient)
    kinesis.on(PutRecordsCommand).resolves({ FailedRecordCount: 0, Records: [{ SequenceNumber: '1', ShardId: '0' }] })
    const visit: EventInput[] = [
      { type: 'Search', user: 'ann', query: 'desk lamp', searchId: 's1' },
      { type: 'Results', user: 'ann', searchId: 's1', items: ['sku-1', 'sku-2'] },
      { type: 'ClickResult', user: 'ann', searchId: 's1', item: 'sku-2', position: 2 },
    ]
    const producer = createProducer({ streamName: 'events', client: new KinesisClient({ region: 'eu-west-1' }) })
    await producer.sendAll(visit)
    await producer.close()
    const requests = kinesis.commandCalls(PutRecordsCommand).map(({ args: [command] }) => command.input)
    expect(requests).toHaveLength(1)
    expect(requests[0]?.Records?.map(({ PartitionKey }) => PartitionKey)).toEqual(['ann'])
  })
})
