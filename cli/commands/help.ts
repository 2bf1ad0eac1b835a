// Lays out the help of commands for the width of the terminal: options, details, examples and exit
// codes.

import type { Command, Help as Layout } from 'commander'

export interface Help {
  /** Paragraphs with a blank line between them. Other line breaks are only for the source. */
  readonly details?: string
  readonly examples: readonly string[]
  /** When the command ends with exit code 3; absent if it never does. */
  readonly findings?: string
}

/** Characters in a line of help where the output is no terminal. */
export const HELP_WIDTH = 80

/** Columns that a description needs beside its term. With fewer, it begins below the term. */
const BESIDE_WIDTH_MIN = 30
const BELOW_INDENT = 6

/** Replaces parts of Commander's layout, which leaves lines too long on a narrow terminal. */
export const HELP_LAYOUT: Partial<Layout> = {
  minWidthToWrap: 20,
  // A command that is not loaded has no options yet.
  subcommandTerm: (command) => command.name(),
  formatItem: (term, termWidth, description, layout) => {
    const width = layout.helpWidth ?? HELP_WIDTH
    const beside = termWidth + 4
    const isBeside = width - beside >= BESIDE_WIDTH_MIN
    const indent = isBeside ? beside : BELOW_INDENT
    const lines = layout.boxWrap(description, width - indent).replaceAll('\n', `\n${' '.repeat(indent)}`)
    const start = isBeside ? `  ${term.padEnd(termWidth)}  ` : `  ${term}\n${' '.repeat(indent)}`
    return description === '' ? `  ${term}` : `${start}${lines}`
  },
}

export function withHelp(command: Command, { details, examples, findings }: Help): Command {
  const codes = ['0 done', '1 failed', '2 wrong usage']
  if (findings !== undefined) codes.push(`3 ${findings}`)
  codes.push('130 interrupted')
  return command.addHelpText('after', () => {
    const { wrapped } = helpText(command)
    return [
      '',
      ...(details === undefined ? [] : [wrapped(details), '']),
      examples.length === 1 ? 'Example:' : 'Examples:',
      // A terminal may break a long example, but a line break of ours would spoil the command.
      ...examples.map((example) => `  ${example}`),
      '',
      wrapped(`Exit codes: ${codes.join(', ')}.`),
    ].join('\n')
  })
}

export interface HelpText {
  /** Wraps paragraphs. */
  wrapped(text: string): string
  /** Formats a term and its description like an option. */
  item(term: string, termWidth: number, description: string): string
}

/** Formats text for the width that the command has for its help. */
export function helpText(command: Command): HelpText {
  const layout = command.createHelp()
  const helpWidth = command.configureOutput().getOutHelpWidth?.() ?? HELP_WIDTH
  layout.prepareContext({ helpWidth })
  return {
    wrapped: (text) => layout.boxWrap(text.replace(/(?<!\n)\n(?!\n)/g, ' '), helpWidth),
    item: (term, termWidth, description) => layout.formatItem(term, termWidth, description, layout),
  }
}
