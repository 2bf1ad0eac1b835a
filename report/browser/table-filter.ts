// Filters all tables of queries by the text in one field.

import { findElement } from './elements.ts'

export function filterTables(): void {
  const input = findElement('query-filter', HTMLInputElement)
  const status = findElement('query-filter-status', HTMLElement)
  const frame = input?.parentElement
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('table.sortable tbody tr')]
  if (input === null || status === null || !frame || rows.length === 0) return
  frame.hidden = false
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase()
    for (const row of rows) row.hidden = !(row.cells[0]?.textContent ?? '').toLowerCase().includes(wanted)
    const shown = rows.filter((row) => !row.hidden).length
    status.textContent = wanted === '' ? '' : `${shown} of ${rows.length} rows`
  })
}
