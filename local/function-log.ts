// The functions' log: the lines that they print in, what they report and the last of it out.

export interface FunctionLog {
  add(line: string): void
  /** Duplicates that ingest reported. */
  duplicates(): number
  tail(): string
}

const LOG_LINES_KEPT = 20

/** What the functions print: one line an invocation. */
export function functionLog(): FunctionLog {
  const lines: string[] = []
  let duplicates = 0
  return {
    add: (line) => {
      lines.push(line)
      if (lines.length > LOG_LINES_KEPT) lines.shift()
      // A function that is killed may leave a line without its end.
      const isReport = line.startsWith('{"step":"ingest"') && line.endsWith('}')
      if (isReport) duplicates += (JSON.parse(line) as { duplicates: number }).duplicates
    },
    duplicates: () => duplicates,
    tail: () => lines.join('\n'),
  }
}
