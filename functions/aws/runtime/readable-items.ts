// Reads the items of a query's pages, and goes on past those that cannot be read.

import { NewerItemError } from './item-schema.ts'

/**
 * Yields what can be read of each page, and throws only after the last page. The error of an item
 * that newer code wrote comes first, since a later run can read that item.
 */
export async function* readableItems<I, T>(
  pages: AsyncIterable<{ readonly Items?: I[] | undefined }>,
  read: (item: I) => T,
  isWanted: (item: I) => boolean = () => true,
): AsyncIterable<T[]> {
  for await (const { items } of readablePages(pages, read, isWanted)) yield items
}

/** As `readableItems`, with each page as it was read. */
export async function* readablePages<I, P extends { readonly Items?: I[] | undefined }, T>(
  pages: AsyncIterable<P>,
  read: (item: I) => T,
  isWanted: (item: I) => boolean = () => true,
): AsyncIterable<{ readonly page: P; readonly items: T[] }> {
  const errors: unknown[] = []
  for await (const page of pages) {
    const items = (page.Items ?? []).filter(isWanted).flatMap((item) => {
      try {
        return [read(item)]
      } catch (error) {
        errors.push(error)
        return []
      }
    })
    yield { page, items }
  }
  if (errors.length > 0) throw errors.find((error) => error instanceof NewerItemError) ?? errors[0]
}
