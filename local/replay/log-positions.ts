// How far each log was written to the stream: a data folder in, positions that outlive the process and are sure of their log out.

import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../terminal/user-error.ts'

export interface LogPositions {
  /** @param name a path that no other log has, or `-` for standard input. */
  of(name: string): LogPosition
  /** The events that logs of other names, played by this run or an earlier one, have in the stream. */
  eventsBeside(names: ReadonlySet<string>): number
}

export interface LogPosition {
  /** Lines of the log that are in the stream; there may be a few more. */
  readonly skip: number
  /** The same lines; throws where the first of them are not those that are in the stream. */
  checked(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer>
  /** So many of the checked lines are in the stream: all that were taken, or all but the last one taken. */
  record(lines: number): void
  /** The whole log is in the stream, and these are its events there. */
  end(events: number): void
}

interface StoredPosition {
  readonly lines: number
  /** Of these lines. */
  readonly digest: string
  /** Null while the log is in the stream in part, since then nobody knows just how far. */
  readonly events: number | null
}

/** @param folder null where nothing outlives the process. */
export function logPositions(folder: string | null): LogPositions {
  if (folder === null) return { of: (name) => positionOf(name, undefined, '', () => {}), eventsBeside: () => 0 }
  const path = join(folder, 'positions.json')
  const stored = readPositions(path)
  const store = (name: string, position: StoredPosition): void => {
    stored.set(name, position)
    // Written beside and moved, so that a kill in between leaves the old one.
    writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(stored)))
    renameSync(`${path}.new`, path)
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
  const hash = createHash('sha256')
  let hashed = 0
  let latest = before ?? { lines: 0, digest: '', events: null }
  const digest = (): string => hash.copy().digest('hex')
  const refuse = (): never => {
    throw new UserError(
      `${shown(name)} does not begin with the ${skip} lines that ${folder} has of it: give --data another folder`,
    )
  }
  const keep = (position: StoredPosition): void => {
    latest = position
    store(position)
  }
  return {
    skip,
    checked: async function* (lines) {
      for await (const line of lines) {
        // From here on the stream may hold more of the log than is recorded.
        if (hashed === skip) keep({ lines: skip, digest: digest(), events: null })
        yield line
        // Only now: while the line is worked on, what is recorded is what came before it.
        hash.update(line).update('\n')
        hashed++
        if (hashed === skip && digest() !== before?.digest) refuse()
      }
      if (hashed < skip) refuse()
    },
    record: (lines) => {
      if (lines <= latest.lines) return
      if (lines !== hashed) throw new Error(`${lines} lines recorded where ${hashed} were read`)
      keep({ lines, digest: digest(), events: null })
    },
    end: (events) => keep({ ...latest, events }),
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

function isPosition(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { lines, digest, events } = value
  return isCount(lines) && typeof digest === 'string' && (events === null || isCount(events))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
