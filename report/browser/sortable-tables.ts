// Lets the reader sort tables by pressing their column heads.

import { element } from './elements.ts'

type Direction = 'ascending' | 'descending'

export function sortTables(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) {
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])]
    for (const [column, head] of heads.entries()) {
      const button = element('button', { type: 'button' }, head.textContent)
      head.replaceChildren(button)
      button.addEventListener('click', () => {
        // The first press sorts numbers from the largest, and texts from A.
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
    // Empty cells are last in both directions.
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
