// Checks that a drain invokes the sweep until a pass over all users finds nothing.

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { drain } from '../../../cli/commands/drain.ts'

const lambda = mockClient(LambdaClient)
const DONE = { closed: 0, usersClosed: 0, conflicts: 0, isUnfinished: false, stoppedAtMs: null }

afterAll(() => lambda.restore())
beforeEach(() => {
  lambda.reset()
})

/** Returns the payloads of a drain to whose invocations the function replies so. */
async function payloadsFor(...replies: readonly object[]): Promise<{ payloads: unknown[]; closed: number }> {
  const replying = lambda.on(InvokeCommand)
  for (const reply of replies) replying.resolvesOnce({ Payload: Buffer.from(JSON.stringify(reply)) as never })
  const { closed } = await drain(new LambdaClient({}), 'the-sweep', () => {})
  const payloads = lambda.commandCalls(InvokeCommand).map((call) => call.args[0].input.Payload as Uint8Array)
  return { payloads: payloads.map((payload) => JSON.parse(Buffer.from(payload).toString('utf8'))), closed }
}

it('a drain continues where the last invocation stopped, and ends after a whole pass that finds nothing', async () => {
  const report = { ...DONE, closed: 5, isUnfinished: true, stoppedAtMs: 70 }
  expect(await payloadsFor(report, { ...DONE, closed: 2 }, DONE)).toEqual({
    payloads: [{ drain: true }, { drain: true, fromMs: 70 }, { drain: true }],
    closed: 7,
  })
})

it('a drain starts another pass after a conflict, since another writer had the user', async () => {
  const report = { ...DONE, conflicts: 1, isUnfinished: true, stoppedAtMs: 70 }
  expect((await payloadsFor(report, DONE, { ...DONE, closed: 1 }, DONE)).payloads).toHaveLength(4)
})

it('a drain reports the items that its last invocation could not read, and ends', async () => {
  const reply = { ...DONE, unreadable: { count: 2, cause: { name: 'UnreadableItemError' } } }
  lambda.on(InvokeCommand).resolves({ Payload: Buffer.from(JSON.stringify(reply)) as never })
  expect(await drain(new LambdaClient({}), 'the-sweep', () => {})).toEqual({ closed: 0, users: 0, unreadable: 2 })
})

it('a drain that does not finish names the function that is not done', async () => {
  lambda.on(InvokeCommand).resolves({ Payload: Buffer.from(JSON.stringify({ ...DONE, isUnfinished: true })) as never })
  const drained = drain(new LambdaClient({}), 'the-rollup', () => {})
  await expect(drained).rejects.toThrow('the-rollup is not done, and did no work in 50 drains in a row')
})
