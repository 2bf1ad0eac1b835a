// Finds the strings and integers of a text that need not be JSON, in time linear in its length.

const QUOTE = 34
const MINUS = 45
const ZERO = 48
const NINE = 57
const BACKSLASH = 92

/** The members of a text that the search uses. */
export type Characters = Pick<string, 'length' | 'charCodeAt' | 'slice'>

/** Yields each string with its quotes, and each integer outside them, in order. */
export function* jsonTokens(text: Characters): Generator<string> {
  // After a quote that nothing closes, all further quotes are escaped, so that no string follows.
  let hasStrings = true
  for (let at = 0; at < text.length; ) {
    if (hasStrings && text.charCodeAt(at) === QUOTE) {
      const end = stringEnd(text, at)
      if (end !== null) {
        yield text.slice(at, end)
        at = end
        continue
      }
      hasStrings = false
    }
    const end = integerEnd(text, at)
    if (end > at) yield text.slice(at, end)
    at = Math.max(end, at + 1)
  }
}

/** Returns the index after the closing quote; null where there is none. */
function stringEnd(text: Characters, start: number): number | null {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  return null
}

/** Returns the index after the integer's last digit, or `start` where no integer begins. */
function integerEnd(text: Characters, start: number): number {
  const first = text.charCodeAt(start) === MINUS ? start + 1 : start
  let end = first
  while (isDigit(text.charCodeAt(end))) end++
  return end > first ? end : start
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}
