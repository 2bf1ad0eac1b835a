// Items of the sessions table: states and closed sessions in, items out, and back. Nothing here talks to a table.

import { BLOCK, CLOSED, EXPIRES_AT, KIND, PARTITION_KEY, SORT_KEY, TOMBSTONE } from '../../contract.ts'
import { clampTime } from '../../domain/events/time.ts'
import type { ClosedSession } from '../../domain/results/result.ts'
import type { CloseReason } from '../../domain/sessions/clock.ts'
import type { Forgotten } from '../../domain/sessions/forgotten.ts'
import { compactTime, type Session, sessionId } from '../../domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../../domain/sessions/user-state.ts'
import { BLOCKS_SCHEMA, checkSchema, ITEM_SCHEMA, SCHEMA } from '../runtime/item-schema.ts'
import { type Apart, type Block, decodeBlock, encodeBlock } from './session-blocks.ts'
import { decodeIds, decodeSessions, encodeApart, encodeIds, encodeSessions } from './session-code.ts'

export type Item = Record<string, unknown>
export type Key = { [PARTITION_KEY]: string; [SORT_KEY]: string }

const USER_PREFIX = 'user#'
const STATE_SORT_KEY = 'open'
export const CLOSED_PREFIX = 'closed#'
export const BLOCK_PREFIX = 'block#'

export function stateKey(user: string): Key {
  return { [PARTITION_KEY]: USER_PREFIX + user, [SORT_KEY]: STATE_SORT_KEY }
}

export function closedKey(user: string, id: string): Key {
  return { [PARTITION_KEY]: USER_PREFIX + user, [SORT_KEY]: CLOSED_PREFIX + id }
}

export function userOf(item: Item): string {
  return String(item[PARTITION_KEY]).slice(USER_PREFIX.length)
}

export function closedIdOf(item: Item): string {
  return String(item[SORT_KEY]).slice(CLOSED_PREFIX.length)
}

/**
 * Without an expiry while something is open; expiring once nothing is, but not before all that a forgotten user sent has
 * passed.
 *
 * @param apart what of the open sessions is stored in blocks; without it, nothing is.
 */
export function stateItem(user: string, state: UserState, expiresAtMs: number, apart?: Apart): Item {
  const { version, skewMs, lastAffectingTimeMs, open, forgotten } = state
  const stateExpiresAtMs = Math.max(expiresAtMs, forgotten?.untilMs ?? 0)
  const hasBlocks = apart !== undefined && apart.blocks.length > 0
  return {
    ...stateKey(user),
    [SCHEMA]: hasBlocks ? BLOCKS_SCHEMA : ITEM_SCHEMA,
    version,
    skew: skewMs ?? undefined,
    last_affecting_time: lastAffectingTimeMs ?? undefined,
    sessions: open.length === 0 ? undefined : encodeOpen(open, apart),
    ...(hasBlocks && { blocks: encodeIds(apart.blocks.map(({ name }) => name)) }),
    ...(forgotten !== null && {
      forgotten_at: forgotten.atMs,
      forgotten_until: forgotten.untilMs,
      pending_tombstones: forgotten.pendingTombstones.length === 0 ? undefined : encodeIds(forgotten.pendingTombstones),
    }),
    ...(open.length === 0 && { [EXPIRES_AT]: epochSeconds(stateExpiresAtMs) }),
  }
}

function encodeOpen(open: readonly Session[], apart: Apart | undefined): Uint8Array {
  return apart === undefined ? encodeSessions(open) : encodeApart(apart.sessions)
}

/** Names of the blocks that hold parts of the state's sessions, in order. */
export function blockNames(item: Item): string[] {
  checkSchema(item)
  return item.blocks === undefined ? [] : decodeIds(item.blocks as Uint8Array)
}

export function blockKey(user: string, name: string): Key {
  return { [PARTITION_KEY]: USER_PREFIX + user, [SORT_KEY]: BLOCK_PREFIX + name }
}

export function blockNameOf(item: Item): string {
  return String(item[SORT_KEY]).slice(BLOCK_PREFIX.length)
}

export function blockItem(user: string, { name, events }: Block, expiresAtMs: number): Item {
  return {
    ...blockKey(user, name),
    [KIND]: BLOCK,
    [SCHEMA]: ITEM_SCHEMA,
    events: encodeBlock(events),
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
}

export function readBlock(item: Item): Block {
  checkSchema(item)
  return { name: blockNameOf(item), events: decodeBlock(item.events as Uint8Array) }
}

/** @param blocks those of `blockNames`, in their order. */
export function readState(item: Item | undefined, blocks: readonly Block[] = []): UserState {
  if (item === undefined) return NEW_USER
  checkSchema(item)
  const parts = blocks.map(({ events }) => events)
  return {
    version: item.version as number,
    skewMs: (item.skew as number | undefined) ?? null,
    lastAffectingTimeMs: (item.last_affecting_time as number | undefined) ?? null,
    open: item.sessions === undefined ? [] : decodeSessions(item.sessions as Uint8Array, parts),
    forgotten: item.forgotten_at === undefined ? null : readForgotten(item),
  }
}

function readForgotten(item: Item): Forgotten {
  return {
    atMs: item.forgotten_at as number,
    untilMs: item.forgotten_until as number,
    pendingTombstones: item.pending_tombstones === undefined ? [] : decodeIds(item.pending_tombstones as Uint8Array),
  }
}

export function closedItem({ user, session, reason, version }: ClosedSession, expiresAtMs: number): Item {
  return {
    ...closedKey(user, sessionId(session)),
    [KIND]: CLOSED,
    [SCHEMA]: ITEM_SCHEMA,
    version,
    reason,
    // What it absorbed has marks of its own by now.
    sessions: encodeSessions([{ ...session, ids: [sessionId(session)] }]),
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
}

export function tombstoneItem(user: string, id: string, version: number, expiresAtMs: number): Item {
  return {
    ...closedKey(user, id),
    [KIND]: TOMBSTONE,
    [SCHEMA]: ITEM_SCHEMA,
    version,
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
}

/** Null for the mark of an absorbed session. */
export function readClosed(item: Item): ClosedSession | null {
  checkSchema(item)
  if (item[KIND] !== CLOSED) return null
  const [session] = decodeSessions(item.sessions as Uint8Array)
  if (session === undefined) throw new Error('a closed item holds no session')
  return { user: userOf(item), session, reason: item.reason as CloseReason, version: item.version as number }
}

/** Between the keys of the closed sessions whose ids are of this time or before it and those of later ones. */
export function closedKeyAfter(timeMs: number): string {
  // Beyond the years that ids are written in there are no sessions, and keys would not sort.
  return `${CLOSED_PREFIX}${compactTime(clampTime(timeMs))}~`
}

/** Before and after all keys of closed sessions. */
export const CLOSED_KEYS = { first: CLOSED_PREFIX, last: `${CLOSED_PREFIX}~` } as const

/** DynamoDB takes expiry times in seconds, and ignores milliseconds as too far away. */
export function epochSeconds(timeMs: number): number {
  return Math.ceil(timeMs / 1000)
}

export function versionOf(item: Item): number {
  return (item.version as number | undefined) ?? 0
}
