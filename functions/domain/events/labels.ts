// Reads the labels of a search, by which its results can be split into segments (M4).

import type { Labels } from './event.ts'
import { truncateText } from './field-values.ts'
import { FieldError, isFields } from './rejection.ts'

export const LABELS_MAX = 8
export const LABEL_NAME_CHARACTERS_MAX = 32
export const LABEL_CHARACTERS_MAX = 64

const NAME = /^[a-z0-9_-]{1,32}$/

/**
 * Returns null where there are none. A value that is null counts as absent, as any field does (E1).
 * The labels are in the order of their names, so that copies of an event have equal contents (E2).
 */
export function readLabels(sent: unknown): Labels | null {
  if (sent === undefined || sent === null) return null
  if (!isFields(sent)) throw labelsError('an object of names and texts')
  const names = Object.keys(sent)
  if (names.length > LABELS_MAX) throw labelsError(`at most ${LABELS_MAX}`)
  if (!names.every((name) => NAME.test(name)))
    throw labelsError(`names of 1 to ${LABEL_NAME_CHARACTERS_MAX} characters of a-z, 0-9, _ and -`)
  const labels = names.sort().flatMap((name) => readLabel(name, sent[name]))
  return labels.length === 0 ? null : Object.fromEntries(labels)
}

function readLabel(name: string, sent: unknown): [string, string][] {
  if (sent === undefined || sent === null) return []
  const value = typeof sent === 'string' ? truncateText(sent, LABEL_CHARACTERS_MAX) : ''
  if (typeof sent !== 'string' || value.length < sent.length)
    throw labelsError(`texts of at most ${LABEL_CHARACTERS_MAX} characters as values`)
  return [[name, value]]
}

function labelsError(expected: string): FieldError {
  return new FieldError('invalid-field', `labels: expected ${expected}`)
}
