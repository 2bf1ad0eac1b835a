// Checks that a run in memory ends with a sentence before the heap is full.

import { expect, it } from 'vitest'
import { checkHeap } from '../../../local/memory/heap-room.ts'
import { UserError } from '../../../terminal/user-error.ts'

const MIB = 1024 * 1024
const heap = (usedMib: number) => ({ used_heap_size: usedMib * MIB, heap_size_limit: 1000 * MIB })

it('goes on while more than half of the heap is free', () => {
  checkHeap(() => heap(450))
})

it('goes on if garbage filled the heap', () => {
  let usedMib = 990
  checkHeap(
    () => heap(usedMib),
    () => {
      usedMib = 300
    },
  )
})

it('ends with how to give it more memory if the log filled the heap', () => {
  let collected = 0
  const check = (): void =>
    checkHeap(
      () => heap(990),
      () => {
        collected++
      },
    )
  expect(check).toThrow(UserError)
  expect(check).toThrow(
    'more memory than Node may use (1000 MiB): give it more, as with NODE_OPTIONS=--max-old-space-size=2000',
  )
  expect(collected).toBe(2)
})

it('can collect garbage in a process without the flag', () => {
  let reads = 0
  expect(() =>
    checkHeap(() => {
      reads++
      return heap(990)
    }),
  ).toThrow(UserError)
  expect(reads).toBe(2)
})
