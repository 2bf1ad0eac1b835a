// Records in a data folder how far each log has been written to the stream, across runs.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../terminal/user-error.ts'
import { isSentLines, linesDigest, replaceFile, type SentLines } from './sent-lines.ts'

export interface LogPositions {
  /** @param name the absolute path of the log, or `-` for standard input. */
  of(name: string): LogPosition
  /** Counts the events in the stream from logs of other names, also of earlier runs. */
  eventsBeside(names: ReadonlySet<string>): number
}

export interface LogPosition {
  /** Whether a later run can go on from the position. */
  readonly isStored: boolean
  /** Lines of the log that are in the stream. After a kill there may be a few more. */
  readonly skip: number
  /** Yields the same lines. Throws if they do not begin with the lines in the stream. */
  checked(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer>
  /**
   * Records how many of the checked lines are in the stream: all of them, or all but the last one
   * yielded.
   */
  record(lines: number): void
  /** Records that the whole log is in the stream, and how many events it holds. */
  end(events: number): void
}

interface StoredPosition extends SentLines {
  /** Null while only a part of the log is in the stream, and its exact length is unknown. */
  readonly events: number | null
}

/** @param folder null for a run that stores nothing. */
export function logPositions(folder: string | null): LogPositions {
  if (folder === null) return { of: (name) => positionOf(name, undefined, '', () => {}), eventsBeside: () => 0 }
  const path = join(folder, 'positions.json')
  const stored = readPositions(path)
  const store = (name: string, position: StoredPosition): void => {
    stored.set(name, position)
    replaceFile(path, Object.fromEntries(stored))
  }
  return {
    of: (name) => {
      const unfinished = [...stored].find(([other, { events }]) => other !== name && events === null)
      if (unfinished !== undefined)
        throw new UserError(`${folder} holds a part of ${shown(unfinished[0])}: run that log to its end first`)
      return positionOf(name, stored.get(name), folder, (position) => store(name, position))
    },
    eventsBeside: (names) =>
      [...stored].reduce((sum, [name, { events }]) => sum + (names.has(name) ? 0 : (events ?? 0)), 0),
  }
}

function positionOf(
  name: string,
  before: StoredPosition | undefined,
  folder: string,
  store: (position: StoredPosition) => void,
): LogPosition {
  const skip = before?.lines ?? 0
  const read = linesDigest()
  let count = 0
  let latest = before ?? { lines: 0, digest: '', events: null }
  const refuse = (): never => {
    throw new UserError(
      `${shown(name)} does not begin with the ${skip} lines that ${folder} has of it: give --data another folder`,
    )
  }
  const storeLatest = (position: StoredPosition): void => {
    latest = position
    store(position)
  }
  return {
    isStored: folder !== '',
    skip,
    checked: async function* (lines) {
      for await (const line of lines) {
        // From here on the stream may hold more of the log than is recorded.
        if (count === skip) storeLatest({ ...read.sent(), events: null })
        yield line
        // Add the line only now: if the caller records before it asks for the next line, it counts
        // the earlier ones.
        read.add(line)
        count++
        if (count === skip && read.sent().digest !== before?.digest) refuse()
      }
      if (count < skip) refuse()
    },
    record: (lines) => {
      if (lines <= latest.lines) return
      if (lines !== count) throw new Error(`${lines} lines recorded where ${count} were read`)
      storeLatest({ ...read.sent(), events: null })
    },
    end: (events) => storeLatest({ ...latest, events }),
  }
}

function shown(name: string): string {
  return name === '-' ? 'standard input' : name
}

function readPositions(path: string): Map<string, StoredPosition> {
  const read = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? {} : null
    }
  }
  const positions = read()
  if (!isRecord(positions) || !Object.values(positions).every(isPosition))
    throw new UserError(`${path} is not as a run leaves it: give --data another folder`)
  return new Map(Object.entries(positions as Record<string, StoredPosition>))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPosition(value: unknown): boolean {
  if (!isSentLines(value)) return false
  const { events } = value as Partial<StoredPosition>
  return events === null || (Number.isSafeInteger(events) && (events as number) >= 0)
}
