// Types each block of a page as a reader does, and reports where the output differs from the page.

import { type Block, pageBlocks } from './page-blocks.ts'
import type { PageShell, Ran } from './page-shell.ts'
import { differenceOf } from './printed-text.ts'

export interface FollowedPage {
  readonly ran: number
  /** Blocks that the page excludes, with a reason. */
  readonly notRun: number
  /** One line for each block that needs a tool which this machine lacks. */
  readonly skipped: readonly string[]
  /** One text for each failure; it begins with file and line. */
  readonly failures: readonly string[]
}

/** Returns why a block cannot run here, or null. */
export type Missing = (command: string) => string | null

const STAYS_UP = /\blocal\b.*\s--keep\b/

export async function followPage(
  path: string,
  page: string,
  shell: PageShell,
  missing: Missing,
  report: (line: string) => void,
): Promise<FollowedPage> {
  const [skipped, failures]: [string[], string[]] = [[], []]
  let [ran, notRun] = [0, 0]
  for (const block of pageBlocks(page)) {
    const position = `${path}:${block.line}`
    const lacks = missing(block.command)
    if (block.notRun !== null) notRun++
    else if (lacks !== null) skipped.push(`${position} skipped: ${lacks}`)
    else {
      report(position)
      const outcome = await (STAYS_UP.test(block.command) ? shell.start(block.command) : shell.run(block.command))
      ran++
      failures.push(...failuresOf(path, block, outcome))
    }
  }
  return { ran, notRun, skipped, failures }
}

function failuresOf(path: string, block: Block, { exitCode, printed }: Ran): string[] {
  const position = `${path}:${block.line}`
  if (exitCode !== 0 && !block.isTranscript) {
    return [
      `${position} failed with exit code ${exitCode}\n${indent(block.command)}\n  printed\n${indent(printed.trimEnd())}`,
    ]
  }
  const difference = block.expected && differenceOf(block.expected, printed)
  if (!difference) return []
  const { line, expected, printed: was } = difference
  return [
    `${path}:${line} is not what ${position} prints\n    page     ${expected}\n    printed  ${was}\n  in all\n${indent(printed.trimEnd())}`,
  ]
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}
