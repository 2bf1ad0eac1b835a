// Reads from a page of Markdown what a reader types and what the page shows as its output.

/** Commands that a reader types, with the output that the page shows. */
export interface Block {
  /** Line of the command's first line in the page, from 1. */
  readonly line: number
  readonly command: string
  /** Null where the page shows no output. */
  readonly expected: { readonly line: number; readonly text: string; readonly varies: readonly string[] } | null
  /** The reason in the comment `not run: ...` above the block, or null. */
  readonly notRun: string | null
  /** True for a line behind `$ ` with its output. It may fail if it prints what the page shows. */
  readonly isTranscript: boolean
}

interface Fence {
  readonly line: number
  readonly language: string
  readonly text: string
  readonly comments: readonly string[]
}

const NOT_RUN = /^not run: (.+)$/s
const VARIES = /^varies: (.+)$/s

/**
 * Blocks of `sh` are commands. A block without a language that follows one shows its output. If
 * such a block begins with `$ `, it holds commands and the output of each. Other blocks are not
 * typed.
 */
export function pageBlocks(page: string): Block[] {
  const blocks: Block[] = []
  let typed: Fence | null = null
  const finish = (printed: Fence | null): void => {
    if (typed === null) return
    blocks.push({
      line: typed.line + 1,
      command: typed.text,
      expected: printed && { line: printed.line + 1, text: printed.text, varies: listed(printed) },
      notRun: reasonOf(typed),
      isTranscript: false,
    })
    typed = null
  }
  for (const fence of fences(page)) {
    const isOutput = fence.language === '' && !fence.text.startsWith('$ ')
    finish(isOutput ? fence : null)
    if (fence.language === 'sh') typed = fence
    else if (fence.language === '' && !isOutput) blocks.push(...transcript(fence))
  }
  finish(null)
  return blocks
}

function transcript(fence: Fence): Block[] {
  const blocks: Block[] = []
  let at = fence.line + 1
  for (const part of fence.text.split(/^(?=\$ )/m)) {
    const lines = part.split('\n')
    const command = (lines[0] as string).slice('$ '.length)
    const text = lines.slice(1).join('\n').trimEnd()
    const expected = { line: at + 1, text, varies: listed(fence) }
    blocks.push({ line: at, command, expected, notRun: reasonOf(fence), isTranscript: true })
    at += lines.length - 1
  }
  return blocks
}

function reasonOf({ comments }: Fence): string | null {
  return firstMatch(comments, NOT_RUN)
}

function listed({ comments }: Fence): string[] {
  return (firstMatch(comments, VARIES) ?? '').split(',').flatMap((text) => text.trim() || [])
}

function firstMatch(comments: readonly string[], pattern: RegExp): string | null {
  for (const comment of comments) {
    const found = pattern.exec(comment)?.[1]
    if (found !== undefined) return found.trim()
  }
  return null
}

/** Returns each fenced block with the comments directly above it. */
function fences(page: string): Fence[] {
  const found: Fence[] = []
  const lines = page.split('\n')
  let comments: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    const comment = /^<!--\s*(.*?)\s*-->$/.exec(line)?.[1]
    const language = /^```(\w*)$/.exec(line)?.[1]
    if (comment !== undefined) comments.push(comment)
    else if (language !== undefined) {
      const end = lines.indexOf('```', at + 1)
      if (end === -1) throw new Error(`line ${at + 1}: the block does not end`)
      found.push({ line: at + 1, language, text: lines.slice(at + 1, end).join('\n'), comments })
      comments = []
      at = end
    } else if (line !== '') comments = []
  }
  return found
}
