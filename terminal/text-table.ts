// Aligns text in the columns of a terminal, and draws bars.

import stringWidth from 'string-width'

/** Control characters, those that change the direction of text, and line separators. */
export const TERMINAL_CONTROLS = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Replaces control characters, since events hold text from anywhere and a terminal obeys them. */
export function printable(text: string): string {
  return text.replace(TERMINAL_CONTROLS, (character) => (/\s/.test(character) ? ' ' : '\uFFFD'))
}

/** @param texts cells without colours: `columns` would replace escape sequences. */
export function columns(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, stringWidth(cell))
  }
  const line = (row: readonly string[]): string => row.map((cell, index) => padded(cell, widths[index] ?? 0)).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

/** @param width in columns of the terminal: Chinese characters and most emoji take two. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)))
}

const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Ends a text that is too wide with an ellipsis, so that it takes at most `widthMax` columns. */
export function shortened(text: string, widthMax: number): string {
  if (stringWidth(text) <= widthMax) return text
  let start = ''
  let width = 0
  for (const { segment: character } of CHARACTERS.segment(text)) {
    width += stringWidth(character)
    if (width > widthMax - 1) break
    start += character
  }
  return `${start}…`
}

export interface Bar {
  readonly label: string
  /** From 0 to 1; null without a denominator. */
  readonly share: number | null
  readonly note: string
}

const BAR_WIDTH = 40

export function bars(rows: readonly Bar[]): string {
  return columns(
    rows.map(({ label, share, note }) => [
      label,
      share === null ? '' : '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '·'),
      percent(share),
      note,
    ]),
  )
}

export function percent(share: number | null): string {
  return share === null ? 'none' : `${(share * 100).toFixed(1)} %`
}

/**
 * Quotes a text where a shell would split or replace it, so that a person can paste a command.
 * Double quotes work in the shells of every system.
 */
export function shellWord(text: string): string {
  const word = printable(text)
  return /^[\p{L}\p{N}_@%+=:,./\\~-]+$/u.test(word) ? word : `"${word.replace(/["$`]/g, '\\$&')}"`
}

/** `counted(1, 'search', 'searches')` is `1 search`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
