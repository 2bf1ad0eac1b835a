// Runs tasks in the order of their times on a simulated clock. So days pass in milliseconds, and a
// seed always gives the same order.

import type { Random } from './random.ts'

export interface VirtualTime {
  nowMs(): number
  /**
   * Schedules the task, for now if the time has passed. Tasks of one moment run in random order,
   * because the real world promises no order either.
   */
  at(timeMs: number, task: () => void): void
  wait(ms: number): Promise<void>
  /** Runs every task up to the time (inclusive), and sets the clock to it. */
  runUntil(timeMs: number): Promise<void>
}

interface Task {
  readonly timeMs: number
  readonly tie: number
  readonly run: () => void
}

export function virtualTime(startMs: number, random: Random): VirtualTime {
  const heap: Task[] = []
  let nowMs = startMs
  const at = (timeMs: number, run: () => void): void => {
    push(heap, { timeMs: Math.max(timeMs, nowMs), tie: random.fraction(), run })
  }
  return {
    nowMs: () => nowMs,
    at,
    wait: (ms) => new Promise((resolve) => at(nowMs + ms, resolve)),
    runUntil: async (timeMs) => {
      await promisesRun()
      for (let next = heap[0]; next !== undefined && next.timeMs <= timeMs; next = heap[0]) {
        pop(heap)
        nowMs = next.timeMs
        next.run()
        await promisesRun()
      }
      nowMs = timeMs
    },
  }
}

/**
 * Waits until all code that awaits promises has run as far as it can without the clock.
 * `setImmediate` comes after all promise callbacks.
 */
function promisesRun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Task, b: Task): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.tie < b.tie)
}

function push(heap: Task[], task: Task): void {
  let index = heap.push(task) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!isBefore(task, heap[parent] as Task)) break
    heap[index] = heap[parent] as Task
    index = parent
  }
  heap[index] = task
}

function pop(heap: Task[]): void {
  const task = heap.pop() as Task
  if (heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Task, heap[child] as Task)) child++
    if (!isBefore(heap[child] as Task, task)) break
    heap[index] = heap[child] as Task
    index = child
  }
  heap[index] = task
}
