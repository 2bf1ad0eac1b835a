// Formats times, counts, evidence and close reasons for the explorer, in UTC.

import type { ClickEvidence, ExploredSession } from '../explored-session.ts'
import { countOf, durationText, minuteText } from '../number-text.ts'

export { countOf }
export const spanText = durationText

export function dayText(timeMs: number): string {
  return minuteText(timeMs).slice(0, 10)
}

/** Formats a time of day: `09:00:05`. */
export function clockText(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 19)
}

export const EVIDENCE_TEXT: Readonly<Record<ClickEvidence, string>> = {
  searchId: 'by search id',
  item: 'by listed item',
  order: 'by order',
  orphan: 'orphan',
}

export const EVIDENCE_WHY: Readonly<Record<ClickEvidence, string>> = {
  searchId: 'the click names its search',
  item: 'the latest earlier search whose results list the item',
  order: 'the latest earlier search, since no results list the item',
  orphan: 'the click belongs to no search and is in no ratio',
}

type CloseReason = NonNullable<ExploredSession['closeReason']>

const REASONS: Readonly<Record<CloseReason, string>> = {
  gap: 'after the gap',
  app_close: 'by AppClose',
  timeout: 'by Timeout',
  max_duration: 'by the limit on duration',
  max_events: 'by the limit on events',
  max_bytes: 'by the limit on bytes',
  drain: 'by a drain',
}

export function reasonText(reason: CloseReason): string {
  // A newer pipeline may store a reason that this code does not know.
  return REASONS[reason] ?? `by ${reason}`
}

export function positionText(position: number | null): string {
  return `position ${position ?? 'unknown'}`
}

/** @param dwellMs how long the user was away, null where nothing shows it. */
export function dwellText(dwellMs: number | null): string {
  return dwellMs === null ? 'dwell unknown' : `dwell ${spanText(dwellMs)}`
}

export function resultsText(resultCount: number | null): string {
  if (resultCount === null) return 'number of results unknown'
  return resultCount === 0 ? 'no results' : countOf(resultCount, 'result', 'results')
}
