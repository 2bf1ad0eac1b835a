// Sorts the lines of a log by the time of their events, within bounded memory. Sorted runs go to a
// temporary folder, and are merged when they are read.

import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { sentEvents } from '../../functions/domain/events/formats/sent-events.ts'
import { parseTime } from '../../functions/domain/events/time.ts'
import type { NumberedLine } from './split-lines.ts'

export interface SortedLog {
  /** Yields the lines in the order of time, as often as it is called. */
  lines(): AsyncGenerator<NumberedLine>
  /** Removes the temporary files. */
  remove(): Promise<void>
}

interface TimedLine extends NumberedLine {
  readonly timeMs: number
}

const RUN_BYTES = 64 * 1024 * 1024
/** A line takes so much memory beside its bytes. */
const LINE_OVERHEAD_BYTES = 200
/** So many runs are open at once. More are merged into one first. */
const RUNS_MAX = 64

/**
 * Lines of equal times keep their order. A line without a time comes last: it happens when it
 * arrives. An array whose events all have times is sorted event by event.
 *
 * @param runBytes how much of the log stays in memory before it becomes a run.
 * @param parent the folder of the temporary folder.
 */
export async function sortLines(
  lines: AsyncIterable<NumberedLine>,
  runBytes = RUN_BYTES,
  parent = tmpdir(),
): Promise<SortedLog> {
  const folder = await mkdtemp(join(parent, 'search-ctr-sort-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  let files = 0
  const write = async (sorted: AsyncIterable<TimedLine> | Iterable<TimedLine>): Promise<string> => {
    const path = join(folder, String(files++))
    await pipeline(Readable.from(packed(sorted)), createWriteStream(path))
    return path
  }
  try {
    let runs: string[] = []
    let held: TimedLine[] = []
    let heldBytes = 0
    const endRun = async (): Promise<void> => {
      runs.push(await write(held.sort(byTime)))
      held = []
      heldBytes = 0
      if (runs.length < RUNS_MAX) return
      const merged = await write(mergedRuns(runs))
      for (const path of runs) await rm(path)
      runs = [merged]
    }
    for await (const line of lines) {
      for (const part of timedLines(line)) {
        held.push(part)
        heldBytes += part.line.length + LINE_OVERHEAD_BYTES
      }
      if (heldBytes > runBytes) await endRun()
    }
    await endRun()
    return { lines: () => mergedRuns(runs), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

function byTime(a: TimedLine, b: TimedLine): number {
  return a.timeMs === b.timeMs ? 0 : a.timeMs - b.timeMs
}

function timedLines({ number, line }: NumberedLine): readonly TimedLine[] {
  const events = recordEvents(line).events.map(({ read, subSequence, data }) => {
    const parsed = read()
    return { subSequence, data, timeMs: parsed.ok ? earliestTime(parsed.value) : Number.POSITIVE_INFINITY }
  })
  const isApart = events.every(({ timeMs, subSequence }) => subSequence !== null && Number.isFinite(timeMs))
  if (isApart) return events.map(({ timeMs, data }) => ({ number, timeMs, line: Buffer.from(data(), 'base64') }))
  const timeMs = events.reduce((earliestMs, event) => Math.min(earliestMs, event.timeMs), Number.POSITIVE_INFINITY)
  return [{ number, line, timeMs }]
}

/** The time of the first event that a document stands for; infinite without one. */
function earliestTime(document: unknown): number {
  const sent = sentEvents(document)
  const times = (sent.ok ? sent.events : []).map((event) => parseTime((event as { time?: unknown } | null)?.time))
  return Math.min(...times.map((timeMs) => timeMs ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
}

/** Merges sorted runs. Where times are equal, the earlier run comes first, since its lines do. */
async function* mergedRuns(paths: readonly string[]): AsyncGenerator<TimedLine> {
  const readers = paths.map((path) => unpacked(createReadStream(path)))
  try {
    const heads = await Promise.all(readers.map((reader) => nextOf(reader)))
    for (;;) {
      let first = -1
      for (const [index, head] of heads.entries()) {
        const smallest = heads[first]
        if (head !== null && (smallest == null || byTime(head, smallest) < 0)) first = index
      }
      const [line, reader] = [heads[first], readers[first]]
      if (line == null || reader === undefined) return
      yield line
      heads[first] = await nextOf(reader)
    }
  } finally {
    for (const reader of readers) await reader.return(undefined)
  }
}

async function nextOf(reader: AsyncGenerator<TimedLine>): Promise<TimedLine | null> {
  const { done, value } = await reader.next()
  return done ? null : value
}

/** A stored line begins with its time, its number and its length. */
const HEADER_BYTES = 20

async function* packed(lines: AsyncIterable<TimedLine> | Iterable<TimedLine>): AsyncGenerator<Buffer> {
  for await (const { timeMs, number, line } of lines) {
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeDoubleBE(timeMs, 0)
    header.writeDoubleBE(number, 8)
    header.writeUInt32BE(line.length, 16)
    yield Buffer.concat([header, line])
  }
}

async function* unpacked(chunks: AsyncIterable<Buffer>): AsyncGenerator<TimedLine> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + rest.readUInt32BE(at + 16)
      if (end > rest.length) break
      yield {
        timeMs: rest.readDoubleBE(at),
        number: rest.readDoubleBE(at + 8),
        line: rest.subarray(at + HEADER_BYTES, end),
      }
      at = end
    }
    rest = rest.subarray(at)
  }
}
