// Reads a shard page by page. After its iterator has expired, it goes on just after the last record
// that it has read.

import type { Page, ShardReader } from './poller.ts'

/** The calls of a stream's API for one shard. */
export interface ShardCalls<R> {
  /** Returns an iterator from the oldest record on, or from just after the numbered record. */
  open(afterSequenceNumber: string | undefined): Promise<string | undefined>
  read(iterator: string): Promise<IteratorPage<R>>
}

export interface IteratorPage<R> extends Page<R> {
  /** Undefined at the end of a closed shard. */
  readonly next: string | undefined
  /** The number of the page's last record, filtered ones included. */
  readonly lastSequenceNumber: string | undefined
}

/**
 * Opens the shard. An iterator expires after minutes, and delivering one page may take longer than
 * that on a busy machine.
 */
export async function openReader<R>({ open, read }: ShardCalls<R>): Promise<ShardReader<R>> {
  let iterator = await open(undefined)
  let lastSequenceNumber: string | undefined
  return {
    read: async () => {
      if (iterator === undefined) return null
      try {
        const page = await read(iterator)
        iterator = page.next
        lastSequenceNumber = page.lastSequenceNumber ?? lastSequenceNumber
        return page
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'ExpiredIteratorException') throw error
        iterator = await open(lastSequenceNumber)
        return { records: [], isEmpty: false, hasMore: true }
      }
    },
  }
}
