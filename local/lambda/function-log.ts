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
      const { step, duplicates: more } = readReport(line)
      if (step === 'ingest' && typeof more === 'number') duplicates += more
    },
    duplicates: () => duplicates,
    tail: () => lines.join('\n'),
  }
}

interface Report {
  readonly step?: unknown
  readonly duplicates?: unknown
}

/** Empty where the line is none: a function that is killed may leave it without its end. */
function readReport(line: string): Report {
  if (!line.startsWith('{')) return {}
  try {
    return JSON.parse(line) as Report
  } catch {
    return {}
  }
}
