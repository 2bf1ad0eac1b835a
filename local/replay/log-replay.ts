// Playing logs: lines in; records in the stream, each through ingest, out.

import { setTimeout as wait } from 'node:timers/promises'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { DeadLetter, DeadLetters } from '../../functions/ports.ts'
import type { Poller } from '../lambda/poller.ts'
import type { LogPositions } from './log-positions.ts'
import { type Produced, produce } from './producer.ts'

export interface LogReplay {
  /** Returns when every record has been through ingest. What the positions say is in the stream is not written again. */
  play(name: string, lines: AsyncIterable<Buffer>, onProgress: (done: number, sent: number) => void): Promise<Produced>
  /** Events of all logs in the stream, those of earlier runs too: a line may hold several. */
  eventsReplayed(): number
}

const PROGRESS_EVERY_MS = 20

/** @param poller what brings the stream's records to ingest. */
export function logReplay(
  streamName: string,
  kinesis: KinesisClient,
  deadLetters: DeadLetters,
  poller: Poller,
  positions: LogPositions,
): LogReplay {
  let produced = 0
  let linesReplayed = 0
  let eventsReplayed = 0
  const played = new Set<string>()
  const arrived = (): number => poller.counts().delivered + poller.counts().discarded
  return {
    eventsReplayed: () => eventsReplayed + positions.eventsBeside(played),
    play: async (name, lines, onProgress) => {
      const position = positions.of(name)
      const onSent = (sent: number): void => {
        position.record(sent)
        onProgress(arrived(), linesReplayed + sent)
      }
      const made = await produce(position.checked(lines), streamName, kinesis, onSent, position.skip)
      position.end(made.events - made.tooLarge.length)
      await deadLetters.put(made.tooLarge.map((line, n) => unsendable(line, linesReplayed + n)))
      played.add(name)
      linesReplayed += made.lines
      eventsReplayed += made.events
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
    subSequence: null,
    data: line.toString('base64'),
  }
}
