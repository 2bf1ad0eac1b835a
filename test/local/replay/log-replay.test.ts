// Checks that a replay that is interrupted has stored how much of the log the stream holds.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, expect, it } from 'vitest'
import { logPositions } from '../../../local/replay/log-positions.ts'
import { logReplay } from '../../../local/replay/log-replay.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-replay-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const kinesis = mockClient(KinesisClient)
afterAll(() => kinesis.restore())
const LINES = Array.from({ length: 1000 }, (_, n) => Buffer.from(`{"user":"u${n}"}`))

async function* log(): AsyncGenerator<Buffer> {
  yield* LINES
}

/** Replays the log to a stream that refuses every request after so many. */
async function replayUntilRefused(requests: number): Promise<void> {
  kinesis.reset()
  let accepted = 0
  kinesis.on(PutRecordsCommand).callsFake(({ Records }) => {
    if (accepted === requests) throw new Error('the stream is gone')
    accepted++
    return { Records: Records.map(() => ({})) }
  })
  const poller = {
    counts: () => ({ delivered: 0, discarded: 0 }),
    caughtUp: async () => {},
    stop: async () => {},
    ended: new Promise<void>(() => {}),
  }
  const replay = logReplay('s', new KinesisClient({}), { put: async () => {} }, poller, logPositions(folder))
  await expect(replay.replay('/a', log(), () => {})).rejects.toThrow('did not accept')
}

it('goes further in every run that is interrupted after a few hundred records', async () => {
  const positions: number[] = []
  for (const requests of [1, 2, 0, 3]) {
    await replayUntilRefused(requests)
    positions.push(logPositions(folder).of('/a').skip)
  }
  expect(positions).toEqual([100, 300, 300, 600])
})
