// Decides whether an array of a log is one line, or each of its elements.

import type { NumberedLine } from './split-lines.ts'

/**
 * A batch of a producer has at most so many events and bytes, and stays one record: its events keep
 * their order (S2). A longer array is a file of events.
 */
const ARRAY_EVENTS_MAX = 500
const ARRAY_BYTES_MAX = 512 * 1024

const OBJECT_START = 0x7b

export interface HeldArray {
  isOpen(): boolean
  /** @param number the number of the line in which the array begins. */
  open(number: number): void
  /** Returns the lines that are complete with this element, or with this value outside an array. */
  add(element: NumberedLine): readonly NumberedLine[]
  close(): readonly NumberedLine[]
  /** Returns the elements of an array that has no end. */
  release(): readonly NumberedLine[]
}

export function heldArray(): HeldArray {
  let number = 0
  let isOpen = false
  let isLong = false
  let held: NumberedLine[] = []
  let heldBytes = 0
  const release = (): readonly NumberedLine[] => {
    const released = held
    held = []
    heldBytes = 0
    return released
  }
  return {
    isOpen: () => isOpen,
    open: (opened) => {
      number = opened
      isOpen = true
      isLong = false
    },
    add: (element) => {
      if (!isOpen || isLong) return [element]
      held.push(element)
      heldBytes += element.line.length
      isLong = held.length > ARRAY_EVENTS_MAX || heldBytes > ARRAY_BYTES_MAX
      return isLong ? release() : []
    },
    close: () => {
      isOpen = false
      const elements = release()
      const whole = Buffer.from(`[${elements.map(({ line }) => line.toString('latin1')).join(',')}]`, 'latin1')
      const isBatch =
        elements.length > 1 && elements.every(({ line }) => line[0] === OBJECT_START) && isJson(whole.toString('utf8'))
      return isBatch ? [{ number, line: whole }] : elements
    },
    release,
  }
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
