// Computes at which position a click lies, from the Results lists of its search (R4a).

import { type ClickEvent, compareEvents, FINGERPRINT_LENGTH, type ResultsEvent } from '../events/event.ts'

/** Lists that share no item and come this close together belong to requests sent at once. */
const AT_ONCE_MS_MAX = 1000
/**
 * Later lists that a list is compared with. No client sends so many requests at once, and the pairs
 * of a thousand lists would cost half a second for one session.
 */
const COMPARED_MAX = 32

interface ResultList {
  readonly results: ResultsEvent
  /** Results before the first of this list. */
  readonly offset: number
  /** The 1-based rank in this list, by fingerprint. An item that is listed twice has its first. */
  readonly ranks: ReadonlyMap<string, number>
}

/** The Results lists of one search, in order (S2). */
export class ResultLists {
  readonly #lists: readonly ResultList[]
  #sentAtOnce: ReadonlySet<ResultList> | undefined

  constructor(results: readonly ResultsEvent[]) {
    this.#lists = withOffsets(results)
  }

  /** The fingerprint of each listed item, once. */
  fingerprints(): ReadonlySet<string> {
    const all = new Set<string>()
    for (const { ranks } of this.#lists) for (const fingerprint of ranks.keys()) all.add(fingerprint)
    return all
  }

  /**
   * The 1-based position of a click that has none of its own: its rank in a list, plus the offset
   * of the list. The ordinal of a UBI click comes first where ranks cannot be compared, and last
   * where no list has the item.
   */
  positionOf(click: ClickEvent): number | null {
    const { itemFingerprint, ordinal = null } = click
    const list = this.#listOf(click)
    const rank = list?.ranks.get(itemFingerprint)
    if (list === undefined || rank === undefined) return ordinal
    if (ordinal !== null && this.#wasSentAtOnce(list)) return ordinal
    const position = list.offset + rank
    // A larger one is a mistake of the producer, and no number that a table can hold.
    return Number.isSafeInteger(position) ? position : null
  }

  /** The latest list before the click that has the item, else the first one after it. */
  #listOf(click: ClickEvent): ResultList | undefined {
    let after: ResultList | undefined
    for (let n = this.#lists.length - 1; n >= 0; n--) {
      const list = this.#lists[n]
      if (list === undefined || !list.ranks.has(click.itemFingerprint)) continue
      if (compareEvents(list.results, click) < 0) return list
      after = list
    }
    return after
  }

  /** Whether another list of the search came within a second and shares no item with this one. */
  #wasSentAtOnce(list: ResultList): boolean {
    this.#sentAtOnce ??= sentAtOnce(this.#lists)
    return this.#sentAtOnce.has(list)
  }
}

function withOffsets(results: readonly ResultsEvent[]): ResultList[] {
  const lists: ResultList[] = []
  /** By fingerprint, the offset of the first list with the item. */
  const offsets = new Map<string, number>()
  let endOfLists = 0
  for (const one of results) {
    const ranks = ranksIn(one.itemFingerprints)
    const offset = one.offset ?? offsetOfRepeated(ranks, offsets) ?? endOfLists
    lists.push({ results: one, offset, ranks })
    for (const fingerprint of ranks.keys()) if (!offsets.has(fingerprint)) offsets.set(fingerprint, offset)
    endOfLists = Math.max(endOfLists, offset + one.itemFingerprints.length / FINGERPRINT_LENGTH)
  }
  return lists
}

/**
 * The offset of a list that shares an item with earlier ones: it is shown again, perhaps in another
 * order. The smallest of several earlier offsets counts, because a new order begins at its first
 * page.
 */
function offsetOfRepeated(
  ranks: ReadonlyMap<string, number>,
  offsets: ReadonlyMap<string, number>,
): number | undefined {
  let smallest: number | undefined
  for (const fingerprint of ranks.keys()) {
    const offset = offsets.get(fingerprint)
    if (offset !== undefined && (smallest === undefined || offset < smallest)) smallest = offset
  }
  return smallest
}

function ranksIn(itemFingerprints: string): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>()
  for (let start = 0; start < itemFingerprints.length; start += FINGERPRINT_LENGTH) {
    const fingerprint = itemFingerprints.slice(start, start + FINGERPRINT_LENGTH)
    if (!ranks.has(fingerprint)) ranks.set(fingerprint, start / FINGERPRINT_LENGTH + 1)
  }
  return ranks
}

function sentAtOnce(lists: readonly ResultList[]): ReadonlySet<ResultList> {
  const found = new Set<ResultList>()
  const withItems = lists.filter(({ ranks }) => ranks.size > 0)
  for (const [n, list] of withItems.entries()) {
    for (let m = n + 1; m < withItems.length && m <= n + COMPARED_MAX; m++) {
      const next = withItems[m] as ResultList
      if (next.results.timeMs - list.results.timeMs > AT_ONCE_MS_MAX) break
      if ((found.has(list) && found.has(next)) || shareItem(list, next)) continue
      found.add(list)
      found.add(next)
    }
  }
  return found
}

function shareItem(a: ResultList, b: ResultList): boolean {
  const [fewer, more] = a.ranks.size < b.ranks.size ? [a, b] : [b, a]
  for (const fingerprint of fewer.ranks.keys()) if (more.ranks.has(fingerprint)) return true
  return false
}
