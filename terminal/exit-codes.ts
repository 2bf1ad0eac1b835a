// Defines the exit codes of commands.

export const EXIT = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  findings: 3,
  /** The code that shells expect of a program that Ctrl-C ended. */
  interrupted: 130,
} as const

/** The help of the program explains each code by its sentence. */
export const EXIT_TEXT: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done; a search that finds nothing is done too',
  failed: 'failed: one sentence on standard error names the cause; DEBUG=1 adds a stack trace',
  wrongUsage: 'wrong usage: an unknown command or option, a missing or invalid value',
  findings:
    'done with findings: doctor found something wrong, produce or generate left out events, local accepted no ' +
    'event of its log, cost read no good event, a redrive left some dead letters unapplied, or compare found a ' +
    'wrong split or too many users of several variants',
  interrupted: 'interrupted, for example with Ctrl-C',
}
