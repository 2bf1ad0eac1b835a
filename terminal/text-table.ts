// Text for terminals: rows of cells or shares in, aligned lines out.

/** Events hold what anybody sent, and a terminal obeys control characters: ours alone come through. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (/\s/.test(character) ? ' ' : '\uFFFD'))
}

/** @param texts of cells that are not painted: escape sequences would be replaced. */
export function columns(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(printable))
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  }
  const line = (row: readonly string[]): string => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

export interface Bar {
  readonly label: string
  /** 0 to 1; null where there is nothing to divide by. */
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

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
