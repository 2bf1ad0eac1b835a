// Bytewax beside ours: nothing in, its package installed and the peers that run the tutorial's dataflow out.

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { called, filledOnce, PEERS_FOLDER, type Peer } from './peer.ts'

const DATAFLOW = fileURLToPath(new URL('bytewax_sessions.py', import.meta.url))
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))

/** Before 3.11, Python did not read a time that ends with Z. An environment is of one Python, so which is told too. */
const CHECK_VERSION = `import sys
sys.version_info < (3, 11) and sys.exit("Python 3.11 or later is needed")
print(sys.version, sys.prefix)`

/** `replay` sleeps until an event or the end of the log wakes it; `tutorial` is the clock as the tutorial has it. */
export type BytewaxClock = 'replay' | 'tutorial'

/** @throws PeerMissingError where Python or the package cannot be had. */
export async function installBytewax(signal: AbortSignal): Promise<(clock: BytewaxClock) => Peer> {
  const requirements = await readFile(REQUIREMENTS, 'utf8')
  const foundPython = await called('python3', ['-c', CHECK_VERSION], signal)
  const digest = createHash('sha256').update(requirements).update(foundPython).digest('hex').slice(0, 16)
  const folder = join(PEERS_FOLDER, `bytewax-${digest}`)
  const python = join(folder, 'bin', 'python')
  await filledOnce(folder, async () => {
    await called('python3', ['-m', 'venv', '--clear', folder], signal)
    await called(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS], signal)
  })
  const name = `Bytewax ${bytewaxVersion(requirements)}`
  return (clock) => ({
    name: clock === 'replay' ? name : `${name}, the tutorial's clock`,
    command: (log, out, { gapMs, latenessMs }) => [python, DATAFLOW, log, out, `${gapMs}`, `${latenessMs}`, clock],
  })
}

/** @param requirements as pip reads them. */
export function bytewaxVersion(requirements: string): string {
  const version = /^bytewax==(\S+)$/m.exec(requirements)?.[1]
  if (version === undefined) throw new Error('requirements.txt pins no version of bytewax')
  return version
}
