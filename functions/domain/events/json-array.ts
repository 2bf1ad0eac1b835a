// Splits the text of a JSON array into the texts of its elements.

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
const BLANK = /^[ \t\r\n]*$/

/**
 * Splits an array at its outermost commas: `[{"a":1},2]` gives `{"a":1}` and `2`. Null where the
 * text is no array.
 *
 * It checks nothing but strings and brackets. The text is a JSON array if and only if each returned
 * text is JSON. So one broken element does not cost the others.
 *
 * @param elementsMax splitting stops after one more element, which shows that there are too many.
 */
export function elementTexts(text: string, elementsMax: number): readonly string[] | null {
  const opening = /^[ \t\r\n]*\[/.exec(text)
  if (opening === null) return null
  const elements: string[] = []
  let start = opening[0].length
  let depth = 1
  for (let at = start; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === QUOTE) at = endOfString(text, at)
    else if (character === OPEN_LIST || character === OPEN_OBJECT) depth++
    else if (character === CLOSE_LIST || character === CLOSE_OBJECT) depth--
    const isEnd = depth === 0
    if (!isEnd && !(depth === 1 && character === COMMA)) continue
    elements.push(text.slice(start, at))
    start = at + 1
    if (isEnd) {
      const isArray = character === CLOSE_LIST && BLANK.test(text.slice(start))
      return isArray ? withoutBlank(elements) : null
    }
    if (elements.length > elementsMax) return elements
  }
  return null
}

/** The index of the closing quote; the length of the text if there is none. */
function endOfString(text: string, opening: number): number {
  for (let at = opening + 1; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === BACKSLASH) at++
    else if (character === QUOTE) return at
  }
  return text.length
}

/** An empty array has no element, although one blank text lies between its brackets. */
function withoutBlank(elements: readonly string[]): readonly string[] {
  return elements.length === 1 && BLANK.test(elements[0] ?? '') ? [] : elements
}
