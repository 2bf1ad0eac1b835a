// Sends lines to the stream at a limited rate, and reports how many are there.

import { setTimeout as wait } from 'node:timers/promises'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { produce } from '../../local/replay/producer.ts'
import type { Tasks } from '../../terminal/interrupt.ts'

export interface Sending {
  /** Lines a second; null for no limit. */
  readonly rate: number | null
  /** Called after every request with the number of lines in the stream. */
  readonly onSent: (lines: number) => void | Promise<void>
  /**
   * Runs each request and its `onSent` as one task; absent where an interruption may stop them
   * midway.
   */
  readonly tasks?: Tasks
}

export interface Sent {
  readonly events: number
  /** Lines that were not sent, because they are too large for a record. */
  readonly tooLarge: number
}

/** Kinesis takes 500 records in a request. */
const LINES_PER_REQUEST = 500
/** At a slow rate, several small requests a second are smoother than one large one. */
const REQUESTS_A_SECOND = 4

export async function sendLines(
  lines: AsyncIterable<Buffer> | Iterable<Buffer>,
  stream: { readonly name: string; readonly kinesis: KinesisClient },
  { rate, onSent, tasks }: Sending,
): Promise<Sent> {
  const linesMax = rate === null ? LINES_PER_REQUEST : Math.min(LINES_PER_REQUEST, Math.ceil(rate / REQUESTS_A_SECOND))
  const startedMs = Date.now()
  let batch: Buffer[] = []
  let sent = 0
  let events = 0
  let tooLarge = 0
  const request = async (): Promise<void> => {
    const produced = await produce(asynchronous(batch), stream.name, stream.kinesis, () => {})
    sent += batch.length
    events += produced.events - produced.tooLarge.length
    tooLarge += produced.tooLarge.length
    batch = []
    await onSent(sent)
  }
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return
    // The lines sent before this batch decide when its turn comes.
    if (rate !== null) await wait(Math.max(0, startedMs + (sent / rate) * 1000 - Date.now()))
    await (tasks === undefined ? request() : tasks.run(request))
  }
  for await (const line of lines) {
    batch.push(line)
    if (batch.length >= linesMax) await flush()
  }
  await flush()
  return { events, tooLarge }
}

async function* asynchronous(lines: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* lines
}
