// Checks how sentences begin, how long they are, and how long the lines are that carry them.

import type { CodeText } from './code-text.ts'
import type { Finding } from './finding.ts'
import { type Paragraph, type Sentence, sentencesOf, wordsIn } from './prose.ts'

const MOST_WORDS = 28
const MOST_CHARACTERS = 100

/** "What happens if" is a common heading. */
const REFUSED_OPENING = /^(of|who|what(?! happens (if|when)\b)|whoever|whatever|nobody|none(?= [a-z]))\b/i
/** Such a header repeats the types of a function and says nothing of its purpose. */
const IN_AND_OUT = /\bin[,;:] .*\bout\b/
const CARRIES_ADDRESS = /https?:\/\/|\]\(|biome-ignore|@ts-/

export function checkParagraphs(path: string, paragraphs: readonly Paragraph[]): Finding[] {
  return paragraphs.flatMap(sentencesOf).flatMap((sentence) => checkSentence(path, sentence))
}

function checkSentence(path: string, { line, text }: Sentence): Finding[] {
  const opening = refusedOpening(text)
  const words = wordsIn(text)
  const isQuestion = text.endsWith('?')
  return [
    ...(opening === null || isQuestion
      ? []
      : [{ path, line, kind: 'opening', message: `begins with "${opening}"; name the subject` } as const]),
    ...(IN_AND_OUT.test(text)
      ? [{ path, line, kind: 'header', message: 'says "in, out"; say what the module does' } as const]
      : []),
    ...(words > MOST_WORDS
      ? [{ path, line, kind: 'sentence', message: `has ${words} words; at most ${MOST_WORDS}` } as const]
      : []),
  ]
}

export function checkTestNames(path: string, names: CodeText['testNames']): Finding[] {
  return names.flatMap(({ line, text }) => {
    const opening = refusedOpening(text)
    return opening === null
      ? []
      : [{ path, line, kind: 'test-name', message: `begins with "${opening}"; state the rule` } as const]
  })
}

/** A few words may end a sentence that another string begins. */
const FEWEST_WORDS_OF_MESSAGE = 4

/** Only how messages begin: their lines are broken for the terminal. */
export function checkMessages(path: string, messages: readonly Paragraph[]): Finding[] {
  return messages.flatMap(sentencesOf).flatMap(({ line, text }) => {
    const opening = refusedOpening(text)
    if (opening === null || text.endsWith('?') || wordsIn(text) < FEWEST_WORDS_OF_MESSAGE) return []
    return [{ path, line, kind: 'opening', message: `a message begins with "${opening}"` } as const]
  })
}

function refusedOpening(text: string): string | null {
  return REFUSED_OPENING.exec(text)?.[1] ?? null
}

/** Lines with an address cannot always be broken, so their length is free. */
export function checkLines(path: string, source: string, numbers: ReadonlySet<number>): Finding[] {
  return source.split('\n').flatMap((text, index) => {
    const line = index + 1
    if (!numbers.has(line) || text.length <= MOST_CHARACTERS || CARRIES_ADDRESS.test(text)) return []
    return [{ path, line, kind: 'line', message: `has ${text.length} characters; at most ${MOST_CHARACTERS}` } as const]
  })
}
