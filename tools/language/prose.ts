// Splits a paragraph into sentences and keeps the line on which each one begins.

export interface ProseLine {
  /** From 1. */
  readonly line: number
  /** Without comment signs, list signs and indentation. */
  readonly text: string
}

/** One paragraph, list item or heading. */
export type Paragraph = readonly ProseLine[]

export interface Sentence {
  readonly line: number
  readonly text: string
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'sentence' })

/** A code span counts as one word, so its full stops end no sentence. */
const CODE_WORD = 'Code'

export function sentencesOf(paragraph: Paragraph): Sentence[] {
  const starts: { readonly offset: number; readonly line: number }[] = []
  let joined = ''
  for (const { line, text } of maskCodeSpans(paragraph)) {
    starts.push({ offset: joined.length, line })
    joined += `${text} `
  }
  return [...SEGMENTER.segment(joined)].flatMap(({ segment, index }) => {
    const first = starts.findLast(({ offset }) => offset <= index)
    const text = segment.trim()
    return first === undefined || text === '' ? [] : [{ line: first.line, text }]
  })
}

export function wordsIn(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}

/** A code span may continue on the next line. */
function maskCodeSpans(paragraph: Paragraph): ProseLine[] {
  const masked = paragraph
    .map(({ text }) => text)
    .join('\n')
    .replace(/(?<ticks>`+)[^`]+\k<ticks>/g, (span) => CODE_WORD + span.replace(/[^\n]/g, ''))
    .replace(/!?\[(?<text>[^\]]*)\]\([^)]*\)/g, '$<text>')
    .replace(/\*+/g, '')
    .split('\n')
  return paragraph.map(({ line }, index) => ({ line, text: masked[index] ?? '' }))
}
