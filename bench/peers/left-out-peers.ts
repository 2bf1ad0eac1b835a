// Peers that are left out: what installs or runs one in; what that gives, or null and one line of why not, out.

import { UserError } from '../../terminal/user-error.ts'
import { PeerMissingError, tellingLine } from './peer.ts'

/** What is missing is a line of the report, and nothing else. */
export async function orSkipped<T>(name: string, install: () => Promise<T>, lines: string[]): Promise<T | null> {
  try {
    return await install()
  } catch (error) {
    if (!(error instanceof PeerMissingError)) throw error
    lines.push(`${name} is skipped: ${error.message}`)
    return null
  }
}

/** What fails while it runs, too: the others go on. */
export async function orFailed<T>(name: string, run: () => Promise<T>, lines: string[]): Promise<T | null> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    lines.push(`${name} failed: ${tellingLine(error.message)}`)
    return null
  }
}
