// Installs Bytewax, and returns the peers that run its tutorial's dataflow.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillOnce, PEERS_FOLDER, type Peer, runProgram } from './peer.ts'

const DATAFLOW = fileURLToPath(new URL('bytewax_sessions.py', import.meta.url))
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))

/**
 * Before 3.11, Python does not read a time that ends with Z. The output identifies the Python,
 * since an environment works with one Python only.
 */
const CHECK_VERSION = `import sys
sys.version_info < (3, 11) and sys.exit("Python 3.11 or later is needed")
print(sys.version, sys.prefix)`

/**
 * `tutorial` is the tutorial's clock, which wakes a session when the system's time passes its end.
 * `replay` sleeps until an event or the end of the log wakes it.
 */
export type BytewaxClock = 'replay' | 'tutorial'

/** @throws PeerMissingError where Python is missing or the package cannot be installed. */
export async function installBytewax(signal: AbortSignal): Promise<(clock: BytewaxClock) => Peer> {
  const requirements = await readFile(REQUIREMENTS, 'utf8')
  const foundPython = await runProgram('python3', ['-c', CHECK_VERSION], signal)
  const digest = createHash('sha256').update(requirements).update(foundPython).digest('hex').slice(0, 16)
  const folder = join(PEERS_FOLDER, `bytewax-${digest}`)
  const python = join(folder, 'bin', 'python')
  await fillOnce(folder, async () => {
    await runProgram('python3', ['-m', 'venv', '--clear', folder], signal)
    await runProgram(
      python,
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS],
      signal,
    )
  })
  const name = `Bytewax ${bytewaxVersion(requirements)}`
  return (clock) => ({
    name: clock === 'replay' ? name : `${name}, the tutorial's clock`,
    command: (log, out, { gapMs, latenessMs }) => [python, DATAFLOW, log, out, `${gapMs}`, `${latenessMs}`, clock],
  })
}

/** @param requirements the text of the file that pip reads. */
export function bytewaxVersion(requirements: string): string {
  const version = /^bytewax==(\S+)$/m.exec(requirements)?.[1]
  if (version === undefined) throw new Error('requirements.txt pins no version of bytewax')
  return version
}
