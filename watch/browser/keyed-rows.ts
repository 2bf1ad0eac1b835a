// Updates the rows of a table in place, so that the focus and the reader's place stay.

export interface RowKind<T> {
  number(item: T): number
  /** Makes the row of a new item. */
  make(item: T): HTMLTableRowElement
  /** Changes the row of an item that was there before. */
  update(row: HTMLTableRowElement, item: T): void
}

/** Returns a function that shows these items and no others, in their order. */
export function keyedRows<T>(body: HTMLElement, kind: RowKind<T>): (items: readonly T[]) => void {
  const rows = new Map<number, HTMLTableRowElement>()
  let isFirst = true
  return (items) => {
    const wanted = new Set(items.map(kind.number))
    for (const [number, row] of rows) {
      if (wanted.has(number)) continue
      row.remove()
      rows.delete(number)
    }
    const { activeElement: focused } = document
    for (const [index, item] of items.entries()) {
      const number = kind.number(item)
      const known = rows.get(number)
      const row = known ?? kind.make(item)
      if (known === undefined) {
        rows.set(number, row)
        // The page begins with rows that are not new.
        if (!isFirst) showAsNew(row)
      } else kind.update(row, item)
      const there = body.children[index]
      if (there !== row) body.insertBefore(row, there ?? null)
    }
    isFirst = false
    // A row that moves loses the focus.
    if (focused instanceof HTMLElement && focused.isConnected && focused !== document.activeElement)
      focused.focus({ preventScroll: true })
  }
}

/** The style shows a new row by an animation, which must not begin again when the row moves. */
function showAsNew(row: HTMLElement): void {
  row.classList.add('new')
  row.addEventListener('animationend', () => row.classList.remove('new'), { once: true })
}
