// Defines the exit codes of commands.

export const EXIT = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  findings: 3,
  /** The code that shells expect of a program that Ctrl-C ended. */
  interrupted: 130,
} as const

export const EXIT_CODES_TEXT = `Exit codes:
  0    done; a search that finds nothing is done too
  1    failed: one sentence on standard error names the cause; DEBUG=1 adds a
       stack trace
  2    wrong usage: an unknown command or option, a missing or invalid value
  3    done with findings: doctor found something wrong, produce or generate
       left out events, ingest rejected the whole log of local, or a redrive
       left some dead letters unapplied
  130  interrupted, for example with Ctrl-C`
