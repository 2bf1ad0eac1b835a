// Splits the events of open sessions into blocks, which are stored once, and a short rest.

import type { Event } from '../../domain/events/event.ts'
import { type NonEmpty, nonEmpty } from '../../domain/non-empty.ts'
import type { Session } from '../../domain/sessions/session.ts'
import { deflateText, inflateText } from '../runtime/deflated-text.ts'
import { sha256 } from '../runtime/digest.ts'
import { unknownShape } from '../runtime/item-schema.ts'
import { type EventRow, readEvents, writeEvents } from './event-code.ts'
import type { SplitSession } from './session-code.ts'

/*
 * DynamoDB bills a write of the state by its size, and every batch with events of the user writes
 * it. So the state holds only the last events of a long session, and names the blocks that hold the
 * events before them:
 *
 *     events   1 ........ 120 | 121 ... 132 | 133 ... 144 | 145 ... 150
 *              block of 120     block of 12   block of 12   rest of 6, in the state
 *
 * Each new event lengthens the rest. Once the rest exceeds 12 events, its first 12 become a block.
 * Once the blocks of 12 and the rest exceed 120 events, one block of 120 takes their place. A rest
 * of 12 ordinary events takes less than 1 KB.
 */
const BLOCK_EVENTS = [120, 12] as const
/** The first element of a stored block. Raise it when the encoding of a block changes. */
const SHAPE = 1
const DIGEST_LENGTH = 8

export interface Block {
  /**
   * `<version>#<digest>`: the version of the first state that was written with the block, and a
   * digest of the events. A name never stands for other events.
   */
  readonly name: string
  readonly events: NonEmpty<Event>
}

/** The names of blocks that are stored, by the first event of each. */
export type KnownBlocks = WeakMap<Event, string>

export interface SplitSessions {
  readonly sessions: readonly SplitSession[]
  /** The blocks of the first session in order, then those of the second, and so on. */
  readonly blocks: readonly Block[]
}

/**
 * Equal events make equal blocks, so that the writer recognizes the blocks that are stored already.
 */
export function splitSessions(open: readonly Session[], version: number, known: KnownBlocks): SplitSessions {
  const blocks: Block[] = []
  const sessions = open.map((session) => {
    const { parts, rest } = splitIntoParts(session.events)
    blocks.push(...parts.map((events) => ({ name: nameOf(events, version, known), events })))
    return { session, blocks: parts.length, rest }
  })
  return { sessions, blocks }
}

function splitIntoParts(events: NonEmpty<Event>): { parts: NonEmpty<Event>[]; rest: NonEmpty<Event> } {
  const parts: NonEmpty<Event>[] = []
  let start = 0
  for (const size of BLOCK_EVENTS) {
    for (; events.length - start > size; start += size) parts.push(nonEmpty(events.slice(start, start + size)))
  }
  return { parts, rest: nonEmpty(events.slice(start)) }
}

function nameOf(events: NonEmpty<Event>, version: number, known: KnownBlocks): string {
  const digest = sha256(textOf(events)).slice(0, DIGEST_LENGTH)
  const name = known.get(events[0])
  return name?.endsWith(`#${digest}`) ? name : `${version}#${digest}`
}

export function versionOfBlock(name: string): number {
  return Number.parseInt(name, 10)
}

export function encodeBlock(events: NonEmpty<Event>): Uint8Array {
  return deflateText(textOf(events))
}

export function decodeBlock(stored: Uint8Array): NonEmpty<Event> {
  const [shape, startMs, rows] = JSON.parse(inflateText(stored)) as [number, number, EventRow[]]
  if (shape !== SHAPE) throw unknownShape('a stored block has shape', shape, 'shape', SHAPE)
  return nonEmpty(readEvents(rows, startMs))
}

/** `[shape, time of the first event, events]`, with each event as `event-code.ts` writes it. */
function textOf(events: NonEmpty<Event>): string {
  const [{ timeMs }] = events
  return JSON.stringify([SHAPE, timeMs, writeEvents(events, timeMs)])
}
