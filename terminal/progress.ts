// Progress of a command: short texts in, one line that is written over on a terminal out, and nothing in a pipe.

export interface Progress {
  show(text: string): void
  clear(): void
}

const CLEAR_LINE = '\r\u001b[K'

export function startProgress(): Progress {
  if (!process.stderr.isTTY) return { show: () => {}, clear: () => {} }
  return {
    show: (text) => process.stderr.write(`${CLEAR_LINE}${text} …`),
    clear: () => process.stderr.write(CLEAR_LINE),
  }
}
