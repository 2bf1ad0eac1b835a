// A page and a shell in; each block typed as a reader would, and what was not as the page says, out.

import { type Block, pageBlocks } from './page-blocks.ts'
import type { PageShell, Ran } from './page-shell.ts'
import { differenceOf } from './printed-text.ts'

export interface FollowedPage {
  readonly ran: number
  /** Marked in the page. */
  readonly notRun: number
  /** One line each: what the machine has not. */
  readonly skipped: readonly string[]
  /** One text each, beginning with file and line. */
  readonly failures: readonly string[]
}

/** Why a block cannot be run here, or null. */
export type Missing = (command: string) => string | null

const STAYS_UP = /\blocal\b.*\s--keep\b/

export async function followPage(
  path: string,
  page: string,
  shell: PageShell,
  missing: Missing,
  tell: (line: string) => void,
): Promise<FollowedPage> {
  const [skipped, failures]: [string[], string[]] = [[], []]
  let [ran, notRun] = [0, 0]
  for (const block of pageBlocks(page)) {
    const place = `${path}:${block.line}`
    const lacks = missing(block.command)
    if (block.notRun !== null) notRun++
    else if (lacks !== null) skipped.push(`${place} skipped: ${lacks}`)
    else {
      tell(place)
      const outcome = await (STAYS_UP.test(block.command) ? shell.keep(block.command) : shell.run(block.command))
      ran++
      failures.push(...failuresOf(path, block, outcome))
    }
  }
  return { ran, notRun, skipped, failures }
}

function failuresOf(path: string, block: Block, { exitCode, printed }: Ran): string[] {
  const place = `${path}:${block.line}`
  if (exitCode !== 0 && !block.isTranscript) {
    return [
      `${place} failed with exit code ${exitCode}\n${indent(block.command)}\n  printed\n${indent(printed.trimEnd())}`,
    ]
  }
  const difference = block.expected && differenceOf(block.expected, printed)
  if (!difference) return []
  const { line, says, was } = difference
  return [
    `${path}:${line} is not what ${place} prints\n    page     ${says}\n    printed  ${was}\n  in all\n${indent(printed.trimEnd())}`,
  ]
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ')
}
