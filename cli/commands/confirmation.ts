// Asks a person at a terminal whether a command may go on.

import { createInterface } from 'node:readline/promises'
import type { Terminal } from '../../terminal/terminal.ts'
import { InterruptedError } from '../../terminal/user-error.ts'

/**
 * Returns true without a terminal too, where no person could answer. The end of the input, such as
 * Ctrl-D, is a no. Throws an InterruptedError at Ctrl-C.
 */
export async function isConfirmed(question: string, { stdin, stderr }: Terminal): Promise<boolean> {
  const input = stdin()
  if (!input.isTTY || !stderr.isTTY) return true
  const dialog = createInterface({ input, output: stderr, terminal: true })
  // While it asks, the dialog gets Ctrl-C as a key, and the process gets no signal.
  const ended = new Promise<'interrupted' | null>((resolve) => {
    dialog.once('SIGINT', () => resolve('interrupted'))
    dialog.once('close', () => resolve(null))
  })
  try {
    const answered = dialog.question(`${question} [y/N] `).then((text) => ({ text }))
    const reply = await Promise.race([ended, answered.catch(() => ended)])
    if (typeof reply === 'object' && reply !== null) return /^y(es)?$/i.test(reply.text.trim())
    stderr.write('\n')
    if (reply === 'interrupted') throw new InterruptedError('Interrupted: nothing was done.')
    return false
  } finally {
    dialog.close()
  }
}
