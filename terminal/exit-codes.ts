// What a command's end says to the shell: one number for each way to end.

export const EXIT = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  foundTrouble: 3,
  /** What shells expect of a program that was interrupted. */
  interrupted: 130,
} as const

export const EXIT_CODES_TEXT = `Exit codes:
  0    done
  1    failed: what was wrong is told in one sentence (DEBUG=1 tells where)
  2    wrong usage: an unknown command or option, a missing or bad value
  3    done, but something needs a look: doctor found trouble, produce left out events, a redrive was refused again
  130  interrupted`
