// Playing logs: lines in; records in the stream, each through ingest, out.

import { setTimeout as wait } from 'node:timers/promises'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { DeadLetter, DeadLetters } from '../functions/ports.ts'
import type { Poller } from './kinesis-poller.ts'
import type { LogPositions } from './log-positions.ts'
import { type Produced, produce } from './producer.ts'

export interface Player {
  /** Returns when every record has been through ingest. What the positions say is in the stream is not written again. */
  play(name: string, lines: AsyncIterable<Buffer>, onProgress: (done: number, sent: number) => void): Promise<Produced>
  /** Events of all logs so far: a line may hold several. */
  eventsPlayed(): number
}

const PROGRESS_EVERY_MS = 20

/** @param poller what brings the stream's records to ingest. */
export function logPlayer(
  streamName: string,
  kinesis: KinesisClient,
  deadLetters: DeadLetters,
  poller: Poller,
  positions: LogPositions,
): Player {
  let produced = 0
  let linesPlayed = 0
  let eventsPlayed = 0
  const arrived = (): number => poller.counts().delivered + poller.counts().discarded
  return {
    eventsPlayed: () => eventsPlayed,
    play: async (name, lines, onProgress) => {
      const onSent = (sent: number): void => {
        positions.record(name, sent)
        onProgress(arrived(), linesPlayed + sent)
      }
      const made = await produce(lines, streamName, kinesis, onSent, positions.of(name))
      await deadLetters.put(made.tooLarge.map((line, n) => unsendable(line, linesPlayed + n)))
      linesPlayed += made.lines
      eventsPlayed += made.events
      produced += made.sent
      while (arrived() < produced) {
        await Promise.race([wait(PROGRESS_EVERY_MS), poller.ended.then(failWhenStopped)])
        onProgress(arrived(), produced)
      }
      await poller.caughtUp()
      return made
    },
  }
}

function failWhenStopped(): never {
  throw new Error('the reader of the stream stopped before all of the log was through')
}

/** A line that no stream takes is kept where ingest keeps what it refuses. */
function unsendable(line: Buffer, index: number): DeadLetter {
  return {
    reason: 'too-large',
    detail: 'over what a Kinesis record may hold',
    shardId: 'producer',
    sequenceNumber: String(index),
    arrivalMs: Date.now(),
    place: null,
    data: line.toString('base64'),
  }
}
