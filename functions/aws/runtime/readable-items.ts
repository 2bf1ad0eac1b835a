// Reads the items of a query's pages, and goes on past those that cannot be read.

import { NewerItemError } from './item-schema.ts'
import type { Item } from './table-items.ts'

/**
 * Yields what can be read of each page, and throws only after the last page. The error of an item
 * that newer code wrote comes first, since a later run can read that item.
 */
export async function* readableItems<T>(
  pages: AsyncIterable<{ readonly Items?: Item[] | undefined }>,
  read: (item: Item) => T,
  isWanted: (item: Item) => boolean = () => true,
): AsyncIterable<T[]> {
  const errors: unknown[] = []
  for await (const { Items: items } of pages) {
    yield (items ?? []).filter(isWanted).flatMap((item) => {
      try {
        return [read(item)]
      } catch (error) {
        errors.push(error)
        return []
      }
    })
  }
  if (errors.length > 0) throw errors.find((error) => error instanceof NewerItemError) ?? errors[0]
}
