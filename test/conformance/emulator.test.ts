// Checks the AWS emulator itself: where it listens, and a limit that the local run makes up for.

import { randomUUID } from 'node:crypto'
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionsSpec } from '../../bench/bench-tables.ts'
import { localClients } from '../../local/emulators/clients.ts'
import { type AwsEmulator, startAwsEmulator } from '../../tools/conformance/aws-emulator.ts'
import { listeningSockets } from '../support/listening-sockets.ts'
import { makeTables } from '../support/tables.ts'
import { EMULATOR } from './emulator-environment.ts'
import { CHANGES_WITHOUT_SIZE } from './unsupported.ts'

describe(`the AWS emulator ${EMULATOR}`, () => {
  let emulator: AwsEmulator
  beforeAll(async () => {
    emulator = await startAwsEmulator(EMULATOR)
  })
  afterAll(() => emulator?.stop())

  // Linux alone shows the sockets of a process in /proc.
  it.skipIf(process.platform !== 'linux')('listens on loopback addresses alone', () => {
    const sockets = listeningSockets()
    expect(sockets.map(({ port }) => port)).toContain(Number(new URL(emulator.endpoint).port))
    expect(sockets.filter(({ address }) => !address.startsWith('127.'))).toEqual([])
  })

  it('gives a change of a table its size, or 0 where the list names it', async () => {
    const { endpoint } = emulator
    const clients = localClients({ kinesis: endpoint, dynamodb: endpoint, s3: endpoint })
    try {
      const name = `changes-${randomUUID()}`
      await makeTables([{ ...sessionsSpec(name), streamView: 'NEW_AND_OLD_IMAGES' }], clients)
      await clients.dynamodb.send(new PutCommand({ TableName: name, Item: { pk: 'user#ann', sk: 'open' } }))
      const { tableStreams } = clients
      const { Streams: [stream] = [] } = await tableStreams.send(new ListStreamsCommand({ TableName: name }))
      const StreamArn = stream?.StreamArn
      const { StreamDescription: described } = await tableStreams.send(new DescribeStreamCommand({ StreamArn }))
      const start = { StreamArn, ShardId: described?.Shards?.[0]?.ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const
      const { ShardIterator } = await tableStreams.send(new GetShardIteratorCommand(start))
      const { Records: [change] = [] } = await tableStreams.send(new GetRecordsCommand({ ShardIterator }))
      expect(change?.dynamodb?.Keys).toEqual({ pk: { S: 'user#ann' }, sk: { S: 'open' } })
      const sign = Math.sign(change?.dynamodb?.SizeBytes ?? -1)
      expect(sign).toBe(CHANGES_WITHOUT_SIZE.includes(EMULATOR) ? 0 : 1)
    } finally {
      clients.close()
    }
  })
})
