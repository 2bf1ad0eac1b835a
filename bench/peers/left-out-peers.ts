// Leaves out peers that cannot be installed or that fail, with one line in the report for each.

import { UserError } from '../../terminal/user-error.ts'
import { errorLine, PeerMissingError } from './peer.ts'

/** Returns null and adds a line to `lines` where the peer cannot be installed. */
export async function orSkipped<T>(name: string, install: () => Promise<T>, lines: string[]): Promise<T | null> {
  try {
    return await install()
  } catch (error) {
    if (!(error instanceof PeerMissingError)) throw error
    lines.push(`${name} is skipped: ${error.message}`)
    return null
  }
}

/** Returns null and adds a line to `lines` where the peer fails, so that the others still run. */
export async function orFailed<T>(name: string, run: () => Promise<T>, lines: string[]): Promise<T | null> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    lines.push(`${name} failed: ${errorLine(error.message)}`)
    return null
  }
}
