// Collects the lines that the functions print, and adds up the duplicates that ingest reports.

export interface FunctionLog {
  add(line: string): void
  /** Returns the sum over all reports of ingest. */
  duplicates(): number
  /** Returns the latest lines. */
  tail(): string
}

const TAIL_LINES = 20

export function functionLog(): FunctionLog {
  const lines: string[] = []
  let duplicates = 0
  return {
    add: (line) => {
      lines.push(line)
      if (lines.length > TAIL_LINES) lines.shift()
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

/** Returns an empty report for any other line: a killed function may print half a line. */
function readReport(line: string): Report {
  if (!line.startsWith('{')) return {}
  try {
    return JSON.parse(line) as Report
  } catch {
    return {}
  }
}
