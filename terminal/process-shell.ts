// Connects a command to this process: its streams, its environment and its signals.

import type { Shell } from './terminal.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function processShell(): Shell {
  // The terminal may be gone, as after SIGHUP. The command must still clean up.
  process.stderr.on('error', () => {})
  return {
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    // Node ends the process at a signal unless a listener is there.
    onSignal: (listener) => {
      for (const signal of SIGNALS) process.on(signal, listener)
      return () => {
        for (const signal of SIGNALS) process.off(signal, listener)
      }
    },
    end: (code) => process.exit(code),
  }
}
