// Reads a log in CSV: each row becomes the JSON of an event whose fields are the columns.

import { pipeline, Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { HIT_IDS } from '../../functions/domain/events/formats/ubi.ts'
import { UserError } from '../../terminal/user-error.ts'
import { LINE_BYTES_MAX, type NumberedLine } from './split-lines.ts'

/** One of these columns must name the type of an event. */
const TYPE_COLUMNS: ReadonlySet<string> = new Set(['type', 'event_type', 'event', 'action_name', 'user_query'])
/** Fields that hold a number, or text. All others hold text. */
const NUMBERS =
  /^(time|timestamp|position|ordinal|offset|resultCount|result_count|event_attributes\.position(\.ordinal)?)$/
const LISTS: ReadonlySet<string> = new Set(['items', ...HIT_IDS])
/** A column such as `labels.variant` holds one label. */
const LABEL_COLUMN = /^labels\.(.+)$/
/** Databases export a field without a value as such a cell. */
const NO_VALUE = /^(?:NULL|null|\\N)?$/
const COLUMN_NAME = /^[A-Za-z_@][\w .@/-]*$/
const DELIMITERS = [',', ';', '\t', '|']

/** Returns the delimiter of a header of column names, or null for a line that is no such header. */
export function csvDelimiter(header: string): string | null {
  return DELIMITERS.find((delimiter) => columnNames(header, delimiter).length > 1) ?? null
}

/** Returns no name where the line is no header. */
function columnNames(header: string, delimiter: string): readonly string[] {
  const names = header.split(delimiter).map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim(),
  )
  return names.every((name) => COLUMN_NAME.test(name)) ? names : []
}

/**
 * Yields a row with more cells than columns as it is, so that ingest rejects it: an unquoted
 * delimiter has moved its cells. Throws a UserError if no column is the type of an event.
 */
export async function* csvLines(
  chunks: AsyncIterable<Buffer>,
  header: string,
  delimiter: string,
): AsyncGenerator<NumberedLine> {
  const names = columnNames(header, delimiter)
  if (!names.some((name) => TYPE_COLUMNS.has(name)))
    throw new UserError(
      `the log is CSV and has no column 'type', only ${names.slice(0, 20).join(', ')}: name its columns as the fields in docs/events.md`,
    )
  const options = {
    delimiter,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_empty_values: true,
    trim: true,
  } as const
  const parser = parse({ ...options, from: 2, max_record_size: LINE_BYTES_MAX })
  // Without a callback, pipeline would throw the error where no caller can catch it.
  const rows = pipeline(Readable.from(inUtf8(chunks)), parser, () => {})
  try {
    for await (const { record, info } of rows as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { number: info.lines, line: Buffer.from(rowText(names, record, delimiter)) }
  } catch (error) {
    if (error instanceof CsvError) throw new UserError(`the log is CSV and damaged: ${error.message}`)
    throw error
  }
}

/** Spreadsheets write another encoding, whose accents and umlauts UTF-8 cannot read. */
async function* inUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const check = (chunk?: Buffer): void => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      throw new UserError(
        'the log is CSV and not in UTF-8: convert it with iconv -f WINDOWS-1252 -t UTF-8 FILE > events.csv',
      )
    }
  }
  for await (const chunk of chunks) {
    check(chunk)
    yield chunk
  }
  check()
}

function rowText(names: readonly string[], cells: readonly string[], delimiter: string): string {
  const hasMore = cells.slice(names.length).some((cell) => cell !== '')
  return hasMore ? cells.join(delimiter) : JSON.stringify(eventOf(names, cells))
}

/** Leaves out empty cells. Only a query may be empty, of a user who asked for everything. */
function eventOf(names: readonly string[], cells: readonly string[]): Readonly<Record<string, unknown>> {
  const fields = names.slice(0, cells.length).map((name, index) => [name, cells[index] ?? ''] as const)
  const isSearch = fields.some(([name, cell]) => TYPE_COLUMNS.has(name) && cell.toLowerCase() === 'search')
  const present = fields.filter(([name, cell]) => (name === 'query' ? isSearch || cell !== '' : !NO_VALUE.test(cell)))
  const labels = present.flatMap(([name, cell]) => {
    const label = LABEL_COLUMN.exec(name)?.[1]
    return label === undefined ? [] : [[label, cell] as const]
  })
  const own = labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }
  const others = present.filter(([name]) => !LABEL_COLUMN.test(name))
  return { ...own, ...Object.fromEntries(others.map(([name, cell]) => [name, fieldValue(name, cell)])) }
}

function fieldValue(name: string, cell: string): unknown {
  if (NUMBERS.test(name) && /^-?\d+(\.\d+)?$/.test(cell)) return Number(cell)
  if (name === 'labels') return objectOf(cell)
  return LISTS.has(name) ? listOf(cell) : cell
}

/** Returns a cell that is no JSON as it is, so that ingest rejects it. */
function objectOf(cell: string): unknown {
  try {
    return JSON.parse(cell)
  } catch {
    return cell
  }
}

/** A list is a JSON array, or texts between bars. */
function listOf(cell: string): unknown {
  try {
    const parsed: unknown = JSON.parse(cell)
    if (Array.isArray(parsed)) return parsed
  } catch {
    // No JSON, so the cell lists its items between bars.
  }
  return cell.split('|')
}
