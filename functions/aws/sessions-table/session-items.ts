// Converts states, blocks, closed sessions and tombstones to items, and back.

import { BLOCK, CLOSED, EXPIRES_AT, KIND, PARTITION_KEY, SORT_KEY, TOMBSTONE } from '../../contract.ts'
import { clampTime } from '../../domain/events/time.ts'
import type { ClosedSession } from '../../domain/results/result.ts'
import type { CloseReason } from '../../domain/sessions/clock.ts'
import type { Forgotten } from '../../domain/sessions/forgotten.ts'
import { type Session, sessionId } from '../../domain/sessions/session.ts'
import { compactTime } from '../../domain/sessions/session-id.ts'
import { NEW_USER, type UserState } from '../../domain/sessions/user-state.ts'
import { itemBytes, updatedItemBytes, WRITE_UNIT_BYTES } from '../runtime/item-bytes.ts'
import { checkSchema, ITEM_SCHEMA, readItem, SCHEMA } from '../runtime/item-schema.ts'
import type { VersionedItem } from '../runtime/item-writer.ts'
import { epochSeconds, type Item, type Key, USER_PREFIX, userPartition } from '../runtime/table-items.ts'
import { decodeClosedIds, encodeClosedIds } from './closed-ids-code.ts'
import { type Block, decodeBlock, encodeBlock, type SplitSessions } from './session-blocks.ts'
import {
  decodeIds,
  decodeSessions,
  encodeIds,
  encodeSessions,
  encodeSplitSessions,
  type StoredSessions,
} from './session-code.ts'

/*
 * The items of one user lie in one partition:
 *
 *     pk        sk                             the item holds
 *     user#ann  open                           the state: clock, open sessions, erasure
 *     user#ann  block#7#x8aTqK2c               some events of an open session
 *     user#ann  closed#20260302T090005000Z-e1  a closed session
 *     user#ann  closed#20260302T091500000Z-e9  the tombstone of a merged or forgotten session
 */
const STATE_SORT_KEY = 'open'
export const CLOSED_PREFIX = 'closed#'
export const BLOCK_PREFIX = 'block#'

export function stateKey(user: string): Key {
  return { [PARTITION_KEY]: userPartition(user), [SORT_KEY]: STATE_SORT_KEY }
}

export function closedKey(user: string, id: string): Key {
  return { [PARTITION_KEY]: userPartition(user), [SORT_KEY]: CLOSED_PREFIX + id }
}

export function blockKey(user: string, name: string): Key {
  return { [PARTITION_KEY]: userPartition(user), [SORT_KEY]: BLOCK_PREFIX + name }
}

export function userOf(item: Item): string {
  return String(item[PARTITION_KEY]).slice(USER_PREFIX.length)
}

export function closedIdOf(item: Item): string {
  return String(item[SORT_KEY]).slice(CLOSED_PREFIX.length)
}

export function blockNameOf(item: Item): string {
  return String(item[SORT_KEY]).slice(BLOCK_PREFIX.length)
}

export function versionOf(item: Item): number {
  return (item.version as number | undefined) ?? 0
}

/**
 * Returns the item of a state. It expires only when no session is open, and then not before
 * `expiresAtMs`, nor before the last event of a forgotten user can arrive.
 *
 * @param split the open sessions as `splitSessions` splits them; without it, the item holds all of
 * their events.
 */
export function stateItem(user: string, state: UserState, expiresAtMs: number, split?: SplitSessions): VersionedItem {
  const { version, skewMs, lastAffectingTimeMs, open, closedIds, forgotten } = state
  const stateExpiresAtMs = Math.max(expiresAtMs, forgotten?.untilMs ?? 0)
  // Each attribute is named here, since spreading others in takes a hundred times as long.
  const withoutSessions = {
    [PARTITION_KEY]: userPartition(user),
    [SORT_KEY]: STATE_SORT_KEY,
    [SCHEMA]: ITEM_SCHEMA,
    version,
    skew: skewMs ?? undefined,
    last_affecting_time: lastAffectingTimeMs ?? undefined,
    sessions: (open.length === 0 ? undefined : '') as StoredSessions | undefined,
    closed_ids: closedIds.length === 0 ? undefined : encodeClosedIds(closedIds),
    blocks: split && split.blocks.length > 0 ? encodeIds(split.blocks.map(({ name }) => name)) : undefined,
    [EXPIRES_AT]: open.length === 0 ? epochSeconds(stateExpiresAtMs) : undefined,
  }
  const item = forgotten === null ? withoutSessions : { ...withoutSessions, ...forgottenAttributes(forgotten) }
  if (open.length > 0) item.sessions = encodeOpen(open, split, TEXT_ITEM_BYTES_MAX - updatedItemBytes(item))
  return item
}

function forgottenAttributes({ atMs, untilMs, pendingTombstones }: Forgotten): Item {
  return {
    forgotten_at: atMs,
    forgotten_until: untilMs,
    pending_tombstones: pendingTombstones.length === 0 ? undefined : encodeIds(pendingTombstones),
  }
}

/**
 * Deflating what fits into one write unit would save nothing, and it takes a sixth of the CPU of a
 * write. DynamoDB documents the size of a number only roughly, so a byte is left for each of eight.
 */
const TEXT_ITEM_BYTES_MAX = WRITE_UNIT_BYTES - 8

function encodeOpen(open: readonly Session[], split: SplitSessions | undefined, plainBytesMax: number): StoredSessions {
  return split === undefined ? encodeSessions(open, plainBytesMax) : encodeSplitSessions(split.sessions, plainBytesMax)
}

/** Returns the names of the blocks that hold events of a state's sessions, in order. */
export function blockNames(item: Item): string[] {
  checkSchema(item)
  return isHeld(item, 'blocks') ? readItem('the list of blocks', () => decodeIds(item.blocks as Uint8Array)) : []
}

/** @param blocks the blocks that `blockNames` names, in the same order. */
export function readState(item: Item | undefined, blocks: readonly Block[] = []): UserState {
  if (item === undefined) return NEW_USER
  checkSchema(item)
  const eventsOfBlocks = blocks.map(({ events }) => events)
  return readItem('a state', () => ({
    version: requiredNumber(item, 'version'),
    skewMs: optionalNumber(item, 'skew'),
    lastAffectingTimeMs: optionalNumber(item, 'last_affecting_time'),
    open: isHeld(item, 'sessions') ? decodeSessions(item.sessions as StoredSessions, eventsOfBlocks) : [],
    closedIds: isHeld(item, 'closed_ids') ? decodeClosedIds(item.closed_ids as Uint8Array) : [],
    forgotten: isHeld(item, 'forgotten_at') ? readForgotten(item) : null,
  }))
}

/** An UPDATE statement stores NULL for an attribute that the state no longer has. */
function isHeld(item: Item, name: string): boolean {
  return (item[name] ?? null) !== null
}

function requiredNumber(item: Item, name: string): number {
  const value = item[name]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new TypeError(`${name}: not a number`)
}

function optionalNumber(item: Item, name: string): number | null {
  return isHeld(item, name) ? requiredNumber(item, name) : null
}

function readForgotten(item: Item): Forgotten {
  return {
    atMs: requiredNumber(item, 'forgotten_at'),
    untilMs: requiredNumber(item, 'forgotten_until'),
    pendingTombstones: isHeld(item, 'pending_tombstones') ? decodeIds(item.pending_tombstones as Uint8Array) : [],
  }
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
  return readItem('a block', () => ({ name: blockNameOf(item), events: decodeBlock(item.events as Uint8Array) }))
}

export function closedItem({ user, session, reason, version }: ClosedSession, expiresAtMs: number): VersionedItem {
  // The sessions that merged into this one have tombstones by now, so their ids are not needed.
  const alone = session.ids.length === 1 ? session : { ...session, ids: [sessionId(session)] as const }
  const item = {
    [PARTITION_KEY]: userPartition(user),
    [SORT_KEY]: CLOSED_PREFIX + sessionId(session),
    [KIND]: CLOSED,
    [SCHEMA]: ITEM_SCHEMA,
    version,
    reason,
    sessions: '' as StoredSessions,
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
  item.sessions = encodeSessions([alone], TEXT_ITEM_BYTES_MAX - itemBytes(item))
  return item
}

export function tombstoneItem(user: string, id: string, version: number, expiresAtMs: number): VersionedItem {
  return {
    ...closedKey(user, id),
    [KIND]: TOMBSTONE,
    [SCHEMA]: ITEM_SCHEMA,
    version,
    [EXPIRES_AT]: epochSeconds(expiresAtMs),
  }
}

/** Returns null for a tombstone. */
export function readClosed(item: Item): ClosedSession | null {
  checkSchema(item)
  if (item[KIND] !== CLOSED) return null
  return readItem('a closed session', () => {
    const [session] = decodeSessions(item.sessions as StoredSessions)
    if (session === undefined) throw new TypeError('no session')
    return {
      user: userOf(item),
      session,
      reason: item.reason as CloseReason,
      version: requiredNumber(item, 'version'),
    }
  })
}

/**
 * Returns a sort key after the closed sessions whose ids begin with this time or an earlier one,
 * and before the others.
 */
export function closedKeyAfter(timeMs: number): string {
  // Ids hold times of the years 0 to 9999 only. Keys of other times would not sort.
  return `${CLOSED_PREFIX}${compactTime(clampTime(timeMs))}~`
}

/** Sort keys before and after those of all closed sessions. */
export const CLOSED_KEYS = { first: CLOSED_PREFIX, last: `${CLOSED_PREFIX}~` } as const
