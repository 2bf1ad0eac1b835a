// Replays logs: writes their lines to the stream and waits until ingest has processed them.

import { setTimeout as wait } from 'node:timers/promises'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { DeadLetter, DeadLetters } from '../../functions/ports.ts'
import { REQUEST_RECORDS_MAX } from '../../producer/put-records.ts'
import type { Poller } from '../lambda/poller.ts'
import type { LogPositions } from './log-positions.ts'
import { type Produced, produce } from './producer.ts'

export interface LogReplay {
  /**
   * Writes the lines that the stream does not hold yet, and returns when ingest has processed them.
   *
   * @param name see `LogPositions.of`.
   */
  replay(
    name: string,
    lines: AsyncIterable<Buffer>,
    onProgress: (done: number, sent: number) => void,
  ): Promise<Produced>
  /** Counts the events of all logs in the stream, also of earlier runs. A line may hold several. */
  eventsReplayed(): number
}

const PROGRESS_EVERY_MS = 20

/**
 * Where a later run may go on, the position is stored after so few records. Each run that is killed
 * then takes the log further, also on a slow machine.
 */
const STORED_RECORDS_MAX = 100

/** @param poller delivers the stream's records to ingest. */
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
  const replayed = new Set<string>()
  const processed = (): number => poller.counts().delivered + poller.counts().discarded
  return {
    eventsReplayed: () => eventsReplayed + positions.eventsBeside(replayed),
    replay: async (name, lines, onProgress) => {
      const position = positions.of(name)
      const onSent = (sent: number): void => {
        position.record(sent)
        onProgress(processed(), linesReplayed + sent)
      }
      const recordsMax = position.isStored ? STORED_RECORDS_MAX : REQUEST_RECORDS_MAX
      const written = await produce(position.checked(lines), streamName, kinesis, onSent, position.skip, recordsMax)
      position.end(written.events - written.tooLarge.length)
      await deadLetters.put(written.tooLarge.map((line, n) => toDeadLetter(line, linesReplayed + n)))
      replayed.add(name)
      linesReplayed += written.lines
      eventsReplayed += written.events
      produced += written.sent
      while (processed() < produced) {
        await Promise.race([wait(PROGRESS_EVERY_MS), poller.ended.then(failWhenEnded)])
        onProgress(processed(), produced)
      }
      await poller.caughtUp()
      return written
    },
  }
}

function failWhenEnded(): never {
  throw new Error('the poller of the stream ended before ingest had processed all of the log')
}

/** A line over a record's limit becomes a dead letter, as if ingest had rejected it. */
export function toDeadLetter(line: Buffer, index: number): DeadLetter {
  return {
    reason: 'too-large',
    detail: 'over the limit of a Kinesis record',
    shardId: 'producer',
    sequenceNumber: String(index),
    arrivalMs: Date.now(),
    subSequence: null,
    data: line.toString('base64'),
  }
}
