// One field that filters all tables of queries: a text in, the rows whose query holds it out.

import { found } from './elements.ts'

export function filterTables(): void {
  const input = found('query-filter', HTMLInputElement)
  const status = found('query-filter-status', HTMLElement)
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
