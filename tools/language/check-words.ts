// Checks that names, strings and prose use no retired word.

import type { Finding } from './finding.ts'
import { RETIRED_WORDS, type RetiredWord } from './retired-words.ts'
import type { TextAt } from './tokens.ts'

/** Identifiers, and whatever is written like one. */
export function checkNames(path: string, names: readonly TextAt[]): Finding[] {
  return names.flatMap(({ line, text }) => findingsIn(path, line, text, (word) => word.inNames ?? word.inProse))
}

/** Sentences, and strings that carry sentences; code spans in them are names. */
export function checkTexts(path: string, texts: readonly TextAt[]): Finding[] {
  return texts.flatMap(({ line, text }) => {
    const spans = [...text.matchAll(/`(?<code>[^`\s]+)`/g)].map((match) => ({ line, text: match.groups?.code ?? '' }))
    return [...findingsIn(path, line, text, (word) => word.inProse), ...checkNames(path, spans)]
  })
}

export function checkStrings(path: string, strings: readonly TextAt[]): Finding[] {
  const isSentence = ({ text }: TextAt): boolean => /\s/.test(text.trim())
  return [
    ...checkTexts(path, strings.filter(isSentence)),
    ...checkNames(
      path,
      strings.filter((string) => !isSentence(string)),
    ),
  ]
}

export function checkFileName(path: string): Finding[] {
  return checkNames(path, [{ line: 1, text: path }])
}

function findingsIn(path: string, line: number, text: string, patternOf: (word: RetiredWord) => RegExp): Finding[] {
  const spelled = spellOut(text)
  return RETIRED_WORDS.filter(({ rightIn }) => rightIn?.test(path) !== true).flatMap((word) => {
    const rest = (word.rightAs ?? []).reduce((left, right) => left.replace(right, ' '), spelled)
    const found = patternOf(word).exec(rest)
    if (found === null) return []
    return [{ path, line, kind: 'retired', message: `"${found[0].trim()}" is retired; ${word.instead}` } as const]
  })
}

/** `heldUntilMs` and `HELD_UNTIL` become "held until ms" and "held until". */
function spellOut(text: string): string {
  return text
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .replace(/(?<=[A-Z])(?=[A-Z][a-z])/g, ' ')
    .replaceAll('_', ' ')
    .toLowerCase()
}
