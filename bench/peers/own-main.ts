// Computes our sessions of a log as a program of its own, so that the bench measures it as a peer.

import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { ownSessions } from './own-sessions.ts'

const [log, out] = process.argv.slice(2) as [string, string]
const sessions = await ownSessions(createInterface({ input: createReadStream(log) }))
await writeFile(
  out,
  (function* () {
    for (const session of sessions) yield `${JSON.stringify(session)}\n`
  })(),
)
// The bench measures this process while it waits, and then ends it.
console.log('done')
process.stdin.resume()
