// Tables that sort: a table with its rows in order in, one whose column heads are buttons out.

import { element } from './elements.ts'

type Direction = 'ascending' | 'descending'

export function sortTables(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])]
    for (const [column, head] of heads.entries()) {
      const button = element('button', { type: 'button' }, head.textContent)
      head.replaceChildren(button)
      button.addEventListener('click', () => {
        // Numbers first from the top, texts from A: what a reader looks for.
        const first: Direction = column === 0 ? 'ascending' : 'descending'
        const second: Direction = column === 0 ? 'descending' : 'ascending'
        const direction = head.getAttribute('aria-sort') === first ? second : first
        for (const other of heads) other.removeAttribute('aria-sort')
        head.setAttribute('aria-sort', direction)
        sortRows(table, column, direction)
      })
    }
  }
}

function sortRows(table: HTMLTableElement, column: number, direction: Direction): void {
  const body = table.tBodies[0]
  if (body === undefined) return
  const sign = direction === 'ascending' ? 1 : -1
  const rows = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }))
  rows.sort((a, b) => {
    // Nothing is last either way.
    if (a.key === '' || b.key === '') return Number(a.key === '') - Number(b.key === '')
    if (typeof a.key === 'number' && typeof b.key === 'number') return sign * (a.key - b.key)
    return sign * String(a.key).localeCompare(String(b.key))
  })
  body.append(...rows.map(({ row }) => row))
}

function keyOf(cell: HTMLTableCellElement | undefined): number | string {
  const value = cell?.dataset.value
  if (value === undefined) return cell?.textContent ?? ''
  return value === '' ? '' : Number(value)
}
