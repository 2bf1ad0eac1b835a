// Adds what follows the options in the help of a command: details, examples and exit codes.

import type { Command } from 'commander'

export interface Help {
  /** Paragraphs with a blank line between them. Other line breaks are only for the source. */
  readonly details?: string
  readonly examples: readonly string[]
  /** When the command ends with exit code 3; absent if it never does. */
  readonly findings?: string
}

export function withHelp(command: Command, { details, examples, findings }: Help): Command {
  const codes = ['0 done', '1 failed', '2 wrong usage']
  if (findings !== undefined) codes.push(`3 ${findings}`)
  codes.push('130 interrupted')
  const lines = examples.map((example) => `  ${example}`)
  return command.addHelpText('after', () =>
    [
      '',
      ...(details === undefined ? [] : [wrapped(details, command), '']),
      examples.length === 1 ? 'Example:' : 'Examples:',
      ...lines,
      '',
      wrapped(`Exit codes: ${codes.join(', ')}.`, command),
    ].join('\n'),
  )
}

/** Wraps paragraphs to the width that the command has for its help. */
export function wrapped(text: string, command: Command): string {
  const paragraphs = text.replace(/(?<!\n)\n(?!\n)/g, ' ')
  return command.createHelp().boxWrap(paragraphs, command.configureOutput().getOutHelpWidth?.() ?? 80)
}
