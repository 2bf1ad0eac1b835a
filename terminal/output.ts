// What a command prints: rows in; a table for people, or one JSON object a line for programs, out.

import { styleText } from 'node:util'
import { columns } from './text-table.ts'

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'

/** Only on a terminal, and not where NO_COLOR asks for none. */
export function painted(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  const isWanted = stream.isTTY === true && !process.env.NO_COLOR
  return isWanted ? styleText(style, text, { validateStream: false }) : text
}

export function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** @param rows of cells that are not painted yet, or columns would not align. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const [first = '', ...lines] = columns([heading, ...rows]).split('\n')
  console.log([painted('bold', first), ...lines].join('\n'))
}

/** A reader that has seen enough, as `head`, closes the pipe: that is no failure. */
export function endQuietlyWhenClosed(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

/** On standard error, where it is in no program's way. */
export function note(text: string): void {
  console.error(text)
}

/** The first rows, and whether there were more. */
export async function takeRows<T>(rows: AsyncIterable<T>, limit: number): Promise<{ taken: T[]; hasMore: boolean }> {
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

/** In tables; a program that asks for JSON gets all, unless it says otherwise. */
const TABLE_ROWS_MAX = 100

/** One way for all commands that list something. Returns how many there were. */
export async function printList<T extends object>(
  rows: AsyncIterable<T>,
  { json, limit }: ListOptions,
  table: { readonly heading: readonly string[]; cells(row: T): readonly string[] },
  nothing: string,
): Promise<number> {
  if (json) {
    let count = 0
    for await (const row of rows) {
      if (count === (limit ?? Number.POSITIVE_INFINITY)) break
      printJson(row)
      count++
    }
    return count
  }
  const { taken, hasMore } = await takeRows(rows, limit ?? TABLE_ROWS_MAX)
  if (taken.length === 0) note(nothing)
  else printTable(table.heading, taken.map(table.cells))
  if (hasMore) note(`There are more than these ${taken.length}: raise --limit.`)
  return taken.length
}
