// Encodes a dead letter of ingest as a line of JSON and lines as the text of an object, and decodes
// both again.

import { gunzipSync, gzipSync } from 'node:zlib'
import { REJECT_REASONS } from '../../domain/events/rejection.ts'
import { isoTime } from '../../domain/events/time.ts'
import { type DeadLetter, UNREADABLE_STATE } from '../../ports.ts'

/** Every reason that a line may have. */
export const REJECTED_REASONS = [...REJECT_REASONS, UNREADABLE_STATE] as const

/**
 * An object under `rejected/` has one such line for each dead letter:
 *
 *     {"reason":"missing-field","detail":"user: required","shard":"shardId-000000000003",
 *      "sequence":"49590338271490256608559692538361571095921575989136588898","subSequence":2,
 *      "arrival":"2026-03-02T09:00:05.000Z","data":"eyJ0eXBlIjoiQXBwT3BlbiJ9"}
 */
interface RejectedLine {
  readonly reason: DeadLetter['reason']
  readonly detail: string
  readonly shard: string
  readonly sequence: string
  /** Absent unless the event came in a packed record. */
  readonly subSequence?: number
  readonly arrival: string
  /** Base64, since a rejected record need not be text. */
  readonly data: string
}

export function encodeRejectedLine(deadLetter: DeadLetter): string {
  const { reason, detail, shardId, sequenceNumber, subSequence, arrivalMs, data } = deadLetter
  const line: RejectedLine = {
    reason,
    detail,
    shard: shardId,
    sequence: sequenceNumber,
    ...(subSequence !== null && { subSequence }),
    arrival: isoTime(arrivalMs),
    data,
  }
  return JSON.stringify(line)
}

/** Throws for a line that holds no dead letter. */
export function decodeRejectedLine(text: string): DeadLetter {
  const line = JSON.parse(text) as RejectedLine | null
  const arrivalMs = Date.parse(String(line?.arrival))
  if (typeof line?.data !== 'string' || Number.isNaN(arrivalMs)) throw new Error('the line holds no dead letter')
  const { reason, detail, shard, sequence, subSequence = null, data } = line
  return { reason, detail, shardId: shard, sequenceNumber: sequence, subSequence, arrivalMs, data }
}

/** Lines that an object holds as they are, for people to read. */
const PLAIN_LINES_MAX = 100
/** Ingest packs at most some 8 MB. Lines that unpack to more are not of ingest. */
const PACKED_BYTES_MAX = 64 * 1024 * 1024

/** Stands for all further lines of an object: `{"packed":9899,"lines":"H4sIAAAAAAAA..."}`. */
interface PackedLines {
  /** How many. */
  readonly packed: number
  /** Base64 of the lines, compressed with gzip. */
  readonly lines: string
}

/**
 * Writes an object under `rejected/`: the first lines as they are, and the others packed in one
 * line. A record of 54 KB may unpack to 10,000 bad events, which take 11 MB as lines.
 */
export function rejectedText(lines: readonly string[]): string {
  const others = lines.slice(PLAIN_LINES_MAX)
  const packed: PackedLines = { packed: others.length, lines: gzipSync(others.join('\n')).toString('base64') }
  const written = others.length === 0 ? lines : [...lines.slice(0, PLAIN_LINES_MAX), JSON.stringify(packed)]
  return written.map((line) => `${line}\n`).join('')
}

/** Reads the lines of an object under `rejected/`. Leaves damaged packed lines as one line. */
export function rejectedLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.flatMap((line) => (line.startsWith('{"packed":') ? unpackedLines(line) : line))
}

function unpackedLines(line: string): string[] {
  try {
    const { lines } = JSON.parse(line) as PackedLines
    const bytes = gunzipSync(Buffer.from(lines, 'base64'), { maxOutputLength: PACKED_BYTES_MAX })
    return bytes.toString('utf8').split('\n')
  } catch {
    return [line]
  }
}
