// Ours as a program beside the peers: a log and a file in, a line of JSON for each session out.

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
// Whoever started this reads what it took, then ends it.
console.log('done')
process.stdin.resume()
