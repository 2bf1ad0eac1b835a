// Shows the progress of a command on one line of a terminal, and nothing in a pipe.

import type { OutputStream } from './terminal.ts'

export interface Progress {
  show(text: string): void
  clear(): void
}

const CLEAR_LINE = '\r\u001b[K'

export function startProgress(stream: OutputStream): Progress {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} }
  return {
    show: (text) => stream.write(`${CLEAR_LINE}${text} …`),
    clear: () => stream.write(CLEAR_LINE),
  }
}
