// Describes what a command gets from the shell that runs it, and the exit code that it leaves.

import type { Readable, Writable } from 'node:stream'

export interface Shell {
  /** A function, because Node opens standard input when a program first asks for it. */
  readonly stdin: () => Readable & { readonly isTTY?: boolean }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder that relative paths start from. */
  readonly cwd: string
  /**
   * Calls the listener at every request to end, such as Ctrl-C.
   * Returns a function that removes the listener.
   */
  onSignal(listener: () => void): () => void
  /** Ends the process while a command still works. Does nothing where other commands share it. */
  end(code: number): void
}

export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

export interface Terminal extends Shell {
  /** The exit code of a command that ends by itself; a command sets it like `process.exitCode`. */
  exitCode: number
}
