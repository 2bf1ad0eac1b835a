// Blocks: the events of open sessions in; runs of them that are stored once, apart from the state, and the rest, out; and back.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Event } from '../../domain/events/event.ts'
import type { Session } from '../../domain/sessions/session.ts'
import { sha256 } from '../runtime/digest.ts'
import { type EventRow, INFLATED_BYTES_MAX, readEvents, type StoredSession, writeEvents } from './session-code.ts'

/**
 * How many events a block has, largest first: a large one takes the place of small ones, so that few have to be read. A
 * state is billed by the KB at every write; what these leave in it, of ordinary events, is under one.
 */
const BLOCK_EVENTS = [120, 12] as const
/** Raised when the shape of a block changes. */
const SHAPE = 1
const DIGEST_LENGTH = 8

export interface Block {
  /** `<version>#<digest>`: of the state that it was first written with, and of its events. Never of any others. */
  readonly name: string
  readonly events: readonly Event[]
}

/** Names of blocks that are stored, by the first of their events. */
export type KnownBlocks = WeakMap<Event, string>

export interface Apart {
  readonly sessions: readonly StoredSession[]
  /** In order, of one session after the other. */
  readonly blocks: readonly Block[]
}

/** Sessions whose first events are in blocks. The same events make the same blocks, so that what is stored is known again. */
export function setApart(open: readonly Session[], version: number, known: KnownBlocks): Apart {
  const blocks: Block[] = []
  const sessions = open.map((session) => {
    const { runs, rest } = splitIntoRuns(session.events)
    blocks.push(...runs.map((events) => ({ name: nameOf(events, version, known), events })))
    return { session, blocks: runs.length, rest }
  })
  return { sessions, blocks }
}

/** The rest is never empty. */
function splitIntoRuns(events: readonly Event[]): { runs: (readonly Event[])[]; rest: readonly Event[] } {
  const runs: (readonly Event[])[] = []
  let start = 0
  for (const size of BLOCK_EVENTS) {
    for (; events.length - start > size; start += size) runs.push(events.slice(start, start + size))
  }
  return { runs, rest: events.slice(start) }
}

function nameOf(events: readonly Event[], version: number, known: KnownBlocks): string {
  const digest = sha256(textOf(events)).slice(0, DIGEST_LENGTH)
  const name = known.get(events[0] as Event)
  return name?.endsWith(`#${digest}`) ? name : `${version}#${digest}`
}

export function versionOfBlock(name: string): number {
  return Number.parseInt(name, 10)
}

export function encodeBlock(events: readonly Event[]): Uint8Array {
  return deflateRawSync(textOf(events), { level: 9 })
}

export function decodeBlock(stored: Uint8Array): Event[] {
  const text = inflateRawSync(stored, { maxOutputLength: INFLATED_BYTES_MAX }).toString('utf8')
  const [shape, startMs, rows] = JSON.parse(text) as [number, number, EventRow[]]
  if (shape !== SHAPE) throw new Error(`a stored block has shape ${shape}, and this code reads ${SHAPE}`)
  return readEvents(rows, startMs)
}

function textOf(events: readonly Event[]): string {
  const { timeMs } = events[0] as Event
  return JSON.stringify([SHAPE, timeMs, writeEvents(events, timeMs)])
}
