// Adds what follows the options in the help of a command: details, examples and exit codes.

import type { Command } from 'commander'

export interface Help {
  /** Lines of at most 100 characters. */
  readonly details?: string
  readonly examples: readonly string[]
  /** When the command ends with exit code 3; absent if it never does. */
  readonly findings?: string
}

export function withHelp(command: Command, { details, examples, findings }: Help): Command {
  const codes = ['0 done', '1 failed', '2 wrong usage']
  if (findings !== undefined) codes.push(`3 ${findings}`)
  codes.push('130 interrupted')
  const parts = [
    ...(details === undefined ? [] : [details]),
    `${examples.length === 1 ? 'Example' : 'Examples'}:\n${examples.map((example) => `  ${example}`).join('\n')}`,
    `Exit codes: ${codes.join(', ')}.`,
  ]
  return command.addHelpText('after', `\n${parts.join('\n\n')}`)
}
