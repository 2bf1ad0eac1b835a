// Finds where the values of a JSON text begin and end, byte by byte.

const NEWLINE = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const ARRAY_START = 0x5b
const ARRAY_END = 0x5d
const OBJECT_START = 0x7b
const OBJECT_END = 0x7d
/** Byte 0x1e precedes each value of a JSON text sequence. */
const SEPARATORS: ReadonlySet<number> = new Set([...Buffer.from(' \t\r\n\v\f,'), 0x1e])

/**
 * How a byte bounds values. A value can end before the byte or after it. After
 * `ends-before-bracket`, the byte has to be read again. A bracket that closes nothing is `alone`.
 */
export type Boundary =
  | 'none'
  | 'opens-array'
  | 'closes-array'
  | 'begins'
  | 'ends-before'
  | 'ends-before-bracket'
  | 'ends-after'
  | 'alone'

/** `skip` leaves out the rest of a damaged value, up to a line that begins with an object. */
type Context = 'between' | 'value' | 'string' | 'escape' | 'skip' | 'skip-line-start'

export interface ValueScanner {
  /** @param isArrayOpen whether the values are elements of an array. */
  read(byte: number, isArrayOpen: boolean): Boundary
  isInValue(): boolean
}

export function valueScanner(): ValueScanner {
  let context: Context = 'between'
  /** Brackets that are open in the current value. */
  let depth = 0

  const between = (byte: number, isArrayOpen: boolean): Boundary => {
    context = 'between'
    if (byte === ARRAY_START && !isArrayOpen) return 'opens-array'
    if (byte === ARRAY_END && isArrayOpen) return 'closes-array'
    if (byte === ARRAY_END || byte === OBJECT_END) return 'alone'
    context = 'value'
    depth = 0
    inValue(byte)
    return 'begins'
  }
  const inValue = (byte: number): Boundary => {
    if (byte === QUOTE) context = 'string'
    else if (byte === OBJECT_START || byte === ARRAY_START) depth++
    else if (byte === OBJECT_END || byte === ARRAY_END) {
      depth--
      if (depth > 0) return 'none'
      context = 'between'
      return depth === 0 ? 'ends-after' : 'ends-before-bracket'
    } else if (depth === 0 && (byte === NEWLINE || byte === COMMA)) {
      context = 'between'
      return 'ends-before'
    }
    return 'none'
  }
  const inString = (byte: number): Boundary => {
    if (byte === BACKSLASH) context = 'escape'
    else if (byte === QUOTE) {
      context = depth === 0 ? 'between' : 'value'
      return depth === 0 ? 'ends-after' : 'none'
    } else if (byte === NEWLINE) {
      // No string holds a line break, so the value is damaged.
      context = 'skip-line-start'
      return 'ends-before'
    }
    return 'none'
  }
  return {
    isInValue: () => context === 'value' || context === 'string' || context === 'escape',
    read: (byte, isArrayOpen) => {
      if (context === 'value') return inValue(byte)
      if (context === 'string') return inString(byte)
      if (context === 'escape') context = 'string'
      else if (context === 'skip') context = byte === NEWLINE ? 'skip-line-start' : 'skip'
      else if (!SEPARATORS.has(byte)) {
        if (context === 'between' || byte === OBJECT_START || (byte === ARRAY_END && isArrayOpen))
          return between(byte, isArrayOpen)
        context = 'skip'
      }
      return 'none'
    },
  }
}
