// A drain: what the function says in, it is asked to go on, or anew, until one that began at the front found nothing.

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, expect, it } from 'vitest'
import { drain } from '../../../cli/commands/drain.ts'

const lambda = mockClient(LambdaClient)
const DONE = { closed: 0, usersClosed: 0, conflicts: 0, isUnfinished: false, stoppedAtMs: null }

beforeEach(() => {
  lambda.reset()
})

/** What the function was asked, where it answers so. */
async function asked(...replies: readonly object[]): Promise<{ asked: unknown[]; closed: number }> {
  const answering = lambda.on(InvokeCommand)
  for (const reply of replies) answering.resolvesOnce({ Payload: Buffer.from(JSON.stringify(reply)) as never })
  const { closed } = await drain(new LambdaClient({}), 'the-sweep', () => {})
  const payloads = lambda.commandCalls(InvokeCommand).map((call) => call.args[0].input.Payload as Uint8Array)
  return { asked: payloads.map((payload) => JSON.parse(Buffer.from(payload).toString('utf8'))), closed }
}

it('goes on where the last one stopped, and ends with one from the front that finds nothing', async () => {
  const report = { ...DONE, closed: 5, isUnfinished: true, stoppedAtMs: 70 }
  expect(await asked(report, { ...DONE, closed: 2 }, DONE)).toEqual({
    asked: [{ drain: true }, { drain: true, fromMs: 70 }, { drain: true }],
    closed: 7,
  })
})

it('does not end with one that went on, since a user before it may have been left to another writer', async () => {
  const report = { ...DONE, conflicts: 1, isUnfinished: true, stoppedAtMs: 70 }
  expect((await asked(report, DONE, { ...DONE, closed: 1 }, DONE)).asked).toHaveLength(4)
})
