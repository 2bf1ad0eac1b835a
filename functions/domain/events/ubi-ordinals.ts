// Reads the ordinal of a UBI click as its rank, by the setting `ubiOrdinalsFrom` (R4a).

import type { Fields } from './rejection.ts'

/** The default of the setting: every application counts from 1, as in UBI's schema. */
export const UBI_ORDINALS_FROM = '1'

/**
 * `0` or `1` for every application, or up to 16 applications by name, each once; the others count
 * from 1.
 */
export const UBI_ORDINALS_PATTERN =
  /^(?!(?:.*,)?([^=,]+)=[01],(?:.*,)?\1=)(?:[01]|(?! )[\w.:/+@ -]{1,100}(?<! )=[01](?:,(?! )[\w.:/+@ -]{1,100}(?<! )=[01]){0,15})$/

/**
 * Returns the rank of a converted UBI click, from 1; null where it has none. Only such a click has
 * the field. Ingest ignores any other value, as of an unknown field.
 */
export function readOrdinal(click: Fields, ordinalsFrom: string): number | null {
  const { ubiOrdinal: sent } = click
  if (!Number.isSafeInteger(sent)) return null
  const rank = (sent as number) + (countsFromZero(click.ubiApplication, ordinalsFrom) ? 1 : 0)
  return rank >= 1 && Number.isSafeInteger(rank) ? rank : null
}

/** Whether a click has the ordinal 0, although its application counts from 1 (E5). */
export function isOrdinalBelowFirst(click: Fields, ordinalsFrom: string): boolean {
  return click.ubiOrdinal === 0 && !countsFromZero(click.ubiApplication, ordinalsFrom)
}

function countsFromZero(application: unknown, ordinalsFrom: string): boolean {
  if (ordinalsFrom === '0') return true
  return typeof application === 'string' && ordinalsFrom.split(',').includes(`${application}=0`)
}
