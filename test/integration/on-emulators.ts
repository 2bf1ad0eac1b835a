// One local run for a test: settings and lines in, its summary and rows out, everything stopped after.

import type { ResultRow } from '../../functions/domain/result.ts'
import { startLocalRun } from '../../local/local-run.ts'
import type { Summary } from '../../local/summary.ts'

export interface Outcome {
  readonly summary: Summary
  readonly rows: readonly ResultRow[]
}

/** On the endpoints that `KINESIS_ENDPOINT`, `DYNAMODB_ENDPOINT` and `S3_ENDPOINT` name, else on emulators. */
export async function runLocally(
  settings: Readonly<Record<string, string>>,
  lines: readonly (string | Buffer)[],
  chaosRate = 0,
): Promise<Outcome> {
  const run = await startLocalRun({ settings, firstPort: null, dataFolder: null, chaosRate, env: process.env })
  try {
    await run.play('test', toBuffers(lines), () => {})
    await run.drain()
    return { summary: await run.summary(), rows: await run.results() }
  } finally {
    await run.stop()
  }
}

async function* toBuffers(lines: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const line of lines) yield Buffer.from(line)
}
