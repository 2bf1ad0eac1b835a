// Tests that writes in a batch have the outcomes that they would have alone.

import { BatchExecuteStatementCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { batchingWriter } from '../../../functions/aws/runtime/batching-writer.ts'
import {
  type ItemWriter,
  singleWriter,
  type VersionedItem,
  type WriteCondition,
} from '../../../functions/aws/runtime/item-writer.ts'
import type { Item } from '../../../functions/aws/runtime/table-items.ts'

const client = new DynamoDBClient({ region: 'us-east-1' })
const mocked = mockClient(client)

function item(sk: string, others: object = {}): VersionedItem {
  return { pk: 'user#ann', sk, version: 2, ...others }
}

/** Answers every write alone with the item that it finds, and notes its key. */
function notingSingle(stored: Item | null = null): { readonly writer: ItemWriter; readonly alone: unknown[] } {
  const alone: unknown[] = []
  const writer: ItemWriter = {
    put: async (_, { sk }) => {
      alone.push(sk)
      return stored
    },
  }
  return { writer, alone }
}

function sentStatements(): (readonly string[])[] {
  return mocked
    .commandCalls(BatchExecuteStatementCommand)
    .map(({ args }) => (args[0].input.Statements ?? []).map(({ Parameters: values = [] }) => JSON.stringify(values)))
}

const AT_ONCE = { wait: async () => {}, random: () => 1 }

beforeEach(() => {
  mocked.reset()
})

describe('a batch of writes', () => {
  it('inserts new items, and updates others under their version', async () => {
    mocked.on(BatchExecuteStatementCommand).resolves({ Responses: [{}, {}] })
    const writer = batchingWriter(client, notingSingle().writer)
    const state = item('open', { skew: undefined, sessions: new Uint8Array([1]) })
    const outcomes = await Promise.all([writer.put('t', item('a'), 'new'), writer.put('t', state, { at: 1 })])
    expect(outcomes).toEqual([null, null])
    expect(mocked.commandCalls(BatchExecuteStatementCommand)[0]?.args[0].input.Statements).toEqual([
      {
        Statement: `INSERT INTO "t" VALUE {'pk': ?, 'sk': ?, 'version': ?}`,
        Parameters: [{ S: 'user#ann' }, { S: 'a' }, { N: '2' }],
      },
      {
        Statement:
          'UPDATE "t" SET "version" = ?, "skew" = ?, "sessions" = ? WHERE "pk" = ? AND "sk" = ? AND "version" = ?',
        Parameters: [
          { N: '2' },
          { NULL: true },
          { B: new Uint8Array([1]) },
          { S: 'user#ann' },
          { S: 'open' },
          { N: '1' },
        ],
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    ])
  })

  it('returns the stored item of the answer where the condition failed', async () => {
    const stored = { pk: { S: 'user#ann' }, version: { N: '7' } }
    const failed = { Error: { Code: 'ConditionalCheckFailed' as const, Item: stored } }
    mocked.on(BatchExecuteStatementCommand).resolves({ Responses: [{}, failed] })
    const { writer: single, alone } = notingSingle()
    const writer = batchingWriter(client, single)
    const outcomes = await Promise.all(['a', 'b'].map((sk) => writer.put('t', item(sk), { at: 1 })))
    expect(outcomes).toEqual([null, { pk: 'user#ann', version: 7 }])
    expect(alone).toEqual([])
  })

  it.each(['ConditionalCheckFailed', 'DuplicateItem'] as const)(
    'asks alone, with the same condition, after %s without the stored item',
    async (code) => {
      mocked.on(BatchExecuteStatementCommand).resolves({ Responses: [{ Error: { Code: code } }, {}] })
      const { writer: single, alone } = notingSingle({ version: 9 })
      const writer = batchingWriter(client, single)
      const outcomes = await Promise.all(['a', 'b'].map((sk) => writer.put('t', item(sk), 'newer')))
      expect(outcomes).toEqual([{ version: 9 }, null])
      expect(alone).toEqual(['a'])
    },
  )

  it.each(['ProvisionedThroughputExceeded', 'ThrottlingError', 'InternalServerError', 'TransactionConflict'] as const)(
    'sends only the statements again that failed with %s',
    async (code) => {
      mocked
        .on(BatchExecuteStatementCommand)
        .resolvesOnce({ Responses: [{}, { Error: { Code: code } }, {}] })
        .resolvesOnce({ Responses: [{}] })
      const writer = batchingWriter(client, notingSingle().writer, AT_ONCE)
      expect(await Promise.all(['a', 'b', 'c'].map((sk) => writer.put('t', item(sk), 'new')))).toEqual([
        null,
        null,
        null,
      ])
      expect(sentStatements().map((batch) => batch.length)).toEqual([3, 1])
      expect(sentStatements()[1]?.[0]).toContain('"b"')
    },
  )

  it('rejects throttled writes once no time is left, by the error of a throttled request', async () => {
    const code = 'ProvisionedThroughputExceeded' as const
    mocked.on(BatchExecuteStatementCommand).resolves({ Responses: [{ Error: { Code: code } }, {}] })
    const writer = batchingWriter(client, notingSingle().writer, { ...AT_ONCE, hasTime: () => false })
    const outcomes = await Promise.allSettled(['a', 'b'].map((sk) => writer.put('t', item(sk), 'new')))
    expect(outcomes[0]).toMatchObject({ reason: { name: 'ProvisionedThroughputExceededException' } })
    expect(outcomes[1]).toMatchObject({ value: null })
  })

  it('rejects only the write whose statement DynamoDB refuses', async () => {
    const refused = { Error: { Code: 'ValidationError' as const, Message: 'too large' } }
    mocked.on(BatchExecuteStatementCommand).resolves({ Responses: [refused, {}] })
    const writer = batchingWriter(client, notingSingle().writer)
    const outcomes = await Promise.allSettled(['a', 'b'].map((sk) => writer.put('t', item(sk), 'new')))
    expect(outcomes[0]).toMatchObject({ reason: { name: 'ValidationException', message: 'too large' } })
    expect(outcomes[1]).toMatchObject({ value: null })
  })

  it('rejects every write of an answer with too few outcomes', async () => {
    mocked.on(BatchExecuteStatementCommand).resolves({ Responses: [{}] })
    const writer = batchingWriter(client, notingSingle().writer)
    const outcomes = await Promise.allSettled(['a', 'b'].map((sk) => writer.put('t', item(sk), 'new')))
    const reason = new Error('DynamoDB reported 1 outcomes of 2 statements')
    expect(outcomes).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
  })

  it('rejects every write of a request that fails', async () => {
    const failure = new Error('no answer')
    mocked.on(BatchExecuteStatementCommand).rejects(failure)
    const writer = batchingWriter(client, notingSingle().writer)
    const outcomes = await Promise.allSettled(['a', 'b'].map((sk) => writer.put('t', item(sk), 'new')))
    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ])
  })

  it('sends a throttled request again, as a throttled statement', async () => {
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
    mocked
      .on(BatchExecuteStatementCommand)
      .rejectsOnce(throttled)
      .resolves({ Responses: [{}, {}] })
    const writer = batchingWriter(client, notingSingle().writer, AT_ONCE)
    expect(await Promise.all(['a', 'b'].map((sk) => writer.put('t', item(sk), 'new')))).toEqual([null, null])
    expect(sentStatements()).toHaveLength(2)
  })

  it('rejects only the write that cannot become a statement', async () => {
    mocked.on(BatchExecuteStatementCommand).resolves({ Responses: [{}, {}] })
    const writer = batchingWriter(client, notingSingle().writer)
    const writes = [item('a'), item('b', { count: 2 ** 53 }), item('c')]
    const outcomes = await Promise.allSettled(writes.map((one) => writer.put('t', one, 'new')))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('rejects a write alone that cannot become an item', async () => {
    const writer = batchingWriter(client, singleWriter(client))
    await expect(writer.put('t', item('a', { count: 2 ** 53 }), 'new')).rejects.toThrow()
  })

  it('sends a write alone that no other joins', async () => {
    const { writer: single, alone } = notingSingle()
    const writer = batchingWriter(client, single)
    await writer.put('t', item('a'), 'new')
    expect(alone).toEqual(['a'])
    expect(sentStatements()).toEqual([])
  })

  it('never holds an item twice, nor more than 25 statements, nor more than 4 MB', async () => {
    mocked.on(BatchExecuteStatementCommand).callsFake(({ Statements: statements }) => {
      return { Responses: statements.map(() => ({})) }
    })
    const conditions = fc.constantFrom<WriteCondition>('new', 'newer', 'notOlder', { at: 1 })
    const write = fc.record({ sk: fc.integer({ min: 0, max: 40 }), kilobytes: fc.constantFrom(0, 1, 300), conditions })
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 120 }), async (writes) => {
        mocked.resetHistory()
        const { writer: single, alone } = notingSingle()
        const writer = batchingWriter(client, single)
        await Promise.all(
          writes.map(({ sk, kilobytes, conditions: condition }) =>
            writer.put('t', item(String(sk), { sessions: new Uint8Array(kilobytes * 1024) }), condition),
          ),
        )
        const batches = mocked.commandCalls(BatchExecuteStatementCommand).map(({ args }) => args[0].input.Statements)
        expect(alone.length + batches.flat().length).toBe(writes.length)
        for (const batch of batches) {
          const parameters = (batch ?? []).map(({ Parameters: values = [] }) => values)
          const keys = parameters.map((values) => values.find(({ S: text }) => /^\d+$/.test(text ?? ''))?.S)
          const bytes = parameters.flat().reduce((sum, { B: binary }) => sum + (binary?.length ?? 0), 0)
          expect(new Set(keys).size).toBe(keys.length)
          expect(keys.length).toBeLessThanOrEqual(25)
          expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024)
        }
      }),
      { seed: 16, numRuns: 100 },
    )
  })
})
