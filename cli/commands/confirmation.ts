// Asks a person at a terminal whether a command may go on.

import { createInterface } from 'node:readline/promises'
import type { Terminal } from '../../terminal/terminal.ts'
import { InterruptedError } from '../../terminal/user-error.ts'

type Person = Pick<Terminal, 'stdin' | 'stderr'>

/**
 * Returns true without a terminal too, where no person could answer. The end of the input, such as
 * Ctrl-D, is a no. Throws an InterruptedError at Ctrl-C.
 */
export async function isConfirmed(question: string, person: Person): Promise<boolean> {
  if (!hasPerson(person)) return true
  const reply = await askedReply(`${question} [y/N] `, person)
  if (reply === 'interrupted') throw new InterruptedError('Interrupted: nothing was done.')
  return reply !== null && /^y(es)?$/i.test(reply.text)
}

/**
 * Returns false without a terminal. Enter alone is a yes; Ctrl-C and the end of the input are a no.
 */
export async function isWanted(question: string, person: Person): Promise<boolean> {
  if (!hasPerson(person)) return false
  const reply = await askedReply(`${question} [Y/n] `, person)
  return typeof reply === 'object' && reply !== null && /^(y(es)?)?$/i.test(reply.text)
}

function hasPerson({ stdin, stderr }: Person): boolean {
  return stdin().isTTY === true && stderr.isTTY === true
}

/** Returns null at the end of the input. */
async function askedReply(
  question: string,
  { stdin, stderr }: Person,
): Promise<{ readonly text: string } | 'interrupted' | null> {
  const dialog = createInterface({ input: stdin(), output: stderr, terminal: true })
  // While it asks, the dialog gets Ctrl-C as a key, and the process gets no signal.
  const ended = new Promise<'interrupted' | null>((resolve) => {
    dialog.once('SIGINT', () => resolve('interrupted'))
    dialog.once('close', () => resolve(null))
  })
  try {
    const answered = dialog.question(question).then((text) => ({ text: text.trim() }))
    const reply = await Promise.race([ended, answered.catch(() => ended)])
    if (typeof reply !== 'object' || reply === null) stderr.write('\n')
    return reply
  } finally {
    dialog.close()
  }
}
