// Bytewax beside ours: nothing in, its package installed and the peers that run the tutorial's dataflow out.

import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { called, PEERS_FOLDER, type Peer } from './peer.ts'

const DATAFLOW = fileURLToPath(new URL('bytewax_sessions.py', import.meta.url))
const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))

/** Before it, Python did not read a time that ends with Z. */
const CHECK_VERSION = 'import sys; sys.version_info < (3, 11) and sys.exit("Python 3.11 or later is needed")'

/** `replay` sleeps until an event or the end of the log wakes it; `tutorial` is the clock as the tutorial has it. */
export type BytewaxClock = 'replay' | 'tutorial'

/** @throws PeerMissing where Python or the package cannot be had. */
export async function installBytewax(): Promise<(clock: BytewaxClock) => Peer> {
  const digest = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex')
    .slice(0, 16)
  const folder = join(PEERS_FOLDER, `bytewax-${digest}`)
  const python = join(folder, 'bin', 'python')
  await called('python3', ['-c', CHECK_VERSION])
  const isInstalled = await called(python, ['-c', 'import bytewax']).then(
    () => true,
    () => false,
  )
  if (!isInstalled) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    await called('python3', ['-m', 'venv', folder])
    await called(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS])
  }
  return (clock) => ({
    name: clock === 'replay' ? 'Bytewax 0.21.1' : "Bytewax 0.21.1, the tutorial's clock",
    command: (log, out, { gapMs, latenessMs }) => [python, DATAFLOW, log, out, `${gapMs}`, `${latenessMs}`, clock],
  })
}
