// Asks a person at a terminal whether a command may go on.

import { createInterface } from 'node:readline/promises'
import type { Terminal } from '../../terminal/terminal.ts'

/** Returns true without a terminal too, where no person could answer. */
export async function isConfirmed(question: string, { stdin, stderr }: Terminal): Promise<boolean> {
  const input = stdin()
  if (!input.isTTY || !stderr.isTTY) return true
  const dialog = createInterface({ input, output: stderr })
  try {
    const reply = await dialog.question(`${question} [y/N] `)
    return /^y(es)?$/i.test(reply.trim())
  } finally {
    dialog.close()
  }
}
