// Checks the language of the project's files: `npm run language -- [--count] [paths]`.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { checkFile } from './check-file.ts'
import { countText } from './count-text.ts'
import { checkedFiles } from './tracked-files.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const { values, positionals } = parseArgs({ options: { count: { type: 'boolean' } }, allowPositionals: true })
const findings = checkedFiles(ROOT, positionals).flatMap((path) =>
  checkFile(path, readFileSync(join(ROOT, path), 'utf8')),
)

if (values.count === true) console.log(countText(findings))
else for (const { path, line, message } of findings) console.log(`${path}:${line}: ${message}`)
process.exitCode = findings.length === 0 ? 0 : 1
