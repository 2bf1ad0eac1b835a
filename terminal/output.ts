// Prints the output of a command: tables for people, one JSON object a line for programs.

import { styleText } from 'node:util'
import type { Terminal } from './terminal.ts'
import { columns, TERMINAL_CONTROLS } from './text-table.ts'

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'

export type Paint = (style: Style, text: string) => string

/** Leaves every text without colours. */
export const plain: Paint = (_, text) => text

/** Paints on a terminal only, and not where NO_COLOR is set. */
export function paintFor({ stdout, env }: Pick<Terminal, 'stdout' | 'env'>): Paint {
  const isWanted = stdout.isTTY === true && !env.NO_COLOR
  return isWanted ? (style, text) => styleText(style, text, { validateStream: false }) : plain
}

export function print({ stdout }: Pick<Terminal, 'stdout'>, text: string): void {
  stdout.write(`${text}\n`)
}

/** Prints on standard error, where no program that reads the output meets it. */
export function note({ stderr }: Pick<Terminal, 'stderr'>, text: string): void {
  stderr.write(`${text}\n`)
}

export function printJson(terminal: Pick<Terminal, 'stdout'>, value: object): void {
  print(terminal, escapedJson(value))
}

/** Escapes what a terminal would obey. The JSON has the same value. */
function escapedJson(value: object): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value).replace(TERMINAL_CONTROLS, escaped)
}

/** @param rows cells without colours, since escape sequences would spoil the columns. */
function printTable(terminal: Terminal, heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const [first = '', ...lines] = columns([heading, ...rows]).split('\n')
  print(terminal, [paintFor(terminal)('bold', first), ...lines].join('\n'))
}

/** Takes the first rows, and finds out whether there are more. */
async function takeRows<T>(rows: AsyncIterable<T>, limit: number): Promise<{ taken: T[]; hasMore: boolean }> {
  const taken: T[] = []
  for await (const row of rows) {
    if (taken.length === limit) return { taken, hasMore: true }
    taken.push(row)
  }
  return { taken, hasMore: false }
}

export interface ListOptions {
  readonly json?: true
  readonly limit?: number
}

export interface ListTable<T> {
  readonly heading: readonly string[]
  cells(row: T): readonly string[]
  /** A column after the others, which is left out where no row has it. */
  readonly last?: { readonly heading: string; cell(row: T): string }
}

function filledTable<T>({ heading, cells, last }: ListTable<T>, rows: readonly T[]) {
  const table = rows.map((row) => cells(row))
  if (last === undefined) return [heading, table] as const
  const more = rows.map((row) => last.cell(row))
  if (more.every((cell) => cell === '')) return [heading, table] as const
  return [[...heading, last.heading], table.map((row, n) => [...row, more[n] ?? ''])] as const
}

/** Rows of a table where the user gives no limit; JSON has no limit of its own. */
const TABLE_ROWS_MAX = 100

/**
 * Prints rows as every listing command does.
 *
 * @param nothing the note for a list without rows.
 */
export async function printList<T extends object>(
  terminal: Terminal,
  rows: AsyncIterable<T>,
  { json, limit }: ListOptions,
  table: ListTable<T>,
  nothing: string,
): Promise<void> {
  if (json) {
    let count = 0
    for await (const row of rows) {
      if (count === (limit ?? Number.POSITIVE_INFINITY)) break
      printJson(terminal, row)
      count++
    }
    return
  }
  const { taken, hasMore } = await takeRows(rows, limit ?? TABLE_ROWS_MAX)
  if (taken.length === 0) note(terminal, nothing)
  else printTable(terminal, ...filledTable(table, taken))
  if (hasMore) note(terminal, moreText(taken.length))
}

export function moreText(printed: number): string {
  return `There are more than these ${printed}: raise --limit.`
}
