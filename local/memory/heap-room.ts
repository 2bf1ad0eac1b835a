// Ends a run in memory with a sentence before Node ends the whole process for lack of memory.

import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { UserError } from '../../terminal/user-error.ts'

/** The results of the open sessions, and their sums, take about as much again as the sessions. */
const SHARE_MAX = 0.45
const MIB = 1024 * 1024

interface Heap {
  readonly used_heap_size: number
  readonly heap_size_limit: number
}

/**
 * Throws a UserError if the heap may be too small for the results of what it holds.
 *
 * @param collect frees what nothing refers to.
 * @param remedy names another way than more memory.
 */
export function checkHeap(
  read: () => Heap = getHeapStatistics,
  collect = collectGarbage,
  remedy = 'run the log on emulators, without --memory',
): void {
  if (!isFull(read())) return
  collect()
  const heap = read()
  if (!isFull(heap)) return
  const limitMib = Math.round(heap.heap_size_limit / MIB)
  throw new UserError(
    `The log needs more memory than Node may use (${limitMib} MiB): give it more, as with ` +
      `NODE_OPTIONS=--max-old-space-size=${2 * limitMib}, or ${remedy}`,
  )
}

function isFull({ used_heap_size: used, heap_size_limit: limit }: Heap): boolean {
  return used > SHARE_MAX * limit
}

/** Node offers no call for this without the flag, which may also be set while it runs. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
