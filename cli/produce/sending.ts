// Sending: lines in, records in the stream at no more than the asked rate, and told of as they get there, out.

import { setTimeout as wait } from 'node:timers/promises'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { produce } from '../../local/replay/producer.ts'
import type { Steps } from '../../terminal/interrupt.ts'

export interface Sending {
  /** Lines a second; null for as fast as the stream takes them. */
  readonly rate: number | null
  /** Told after every request how many of the lines are in the stream now. */
  readonly onSent: (lines: number) => void | Promise<void>
  /** Each request, with what is told of it, as one step. Absent: they may be broken off anywhere. */
  readonly steps?: Steps
}

export interface Sent {
  readonly events: number
  /** Lines over what a record may hold: not sent. */
  readonly tooLarge: number
}

/** As many as Kinesis takes in a request. */
const LINES_AT_ONCE = 500
/** A slow rate is kept in small steps, not in bursts. */
const STEPS_A_SECOND = 4

export async function sendLines(
  lines: AsyncIterable<Buffer> | Iterable<Buffer>,
  stream: { readonly name: string; readonly kinesis: KinesisClient },
  { rate, onSent, steps }: Sending,
): Promise<Sent> {
  const atOnce = rate === null ? LINES_AT_ONCE : Math.min(LINES_AT_ONCE, Math.ceil(rate / STEPS_A_SECOND))
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
    // What was sent before this batch sets the time of its turn.
    if (rate !== null) await wait(Math.max(0, startedMs + (sent / rate) * 1000 - Date.now()))
    await (steps === undefined ? request() : steps.take(request))
  }
  for await (const line of lines) {
    batch.push(line)
    if (batch.length >= atOnce) await flush()
  }
  await flush()
  return { events, tooLarge }
}

async function* asynchronous(lines: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* lines
}
