// Who may import whom: every source file in, and nothing found that its layer may not do.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type SourceFile, violations } from './support/layers.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = ['functions', 'infra', 'producer', 'local', 'sim', 'cli', 'bench', 'report']

function pathsIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? pathsIn(path) : [path]
  })
}

/** What the bench runs in the languages of others. */
const PEER_FILES = [
  'bench/peers/bytewax_sessions.py',
  'bench/peers/flink/FlinkSessions.java',
  'bench/peers/flink/pom.xml',
  'bench/peers/requirements.txt',
]

const PATHS = FOLDERS.flatMap(pathsIn)
const SOURCES: readonly SourceFile[] = PATHS.filter((path) => path.endsWith('.ts')).map((path) => {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') }
})

describe('the source', () => {
  it.each(SOURCES)('keeps the rules of its layer: $path', (source) => {
    expect(violations(source)).toEqual([])
  })

  it('is TypeScript, but for what Node or a browser takes as it is', () => {
    expect(PATHS.filter((path) => !/\.ts$|tsconfig\.json$|^bench\/units\.json$/.test(path))).toEqual([
      'local/function-runtime.mjs',
      'local/tied-process.mjs',
      'cli/search-ctr.mjs',
      ...PEER_FILES,
      'report/report.css',
    ])
  })

  it.each(PEER_FILES)('begins with a sentence in other languages too: %s', (path) => {
    const [first] = readFileSync(join(ROOT, path), 'utf8').split('\n')
    expect(first).toMatch(/^(\/\/|#|<!--) [A-Z].*\.( -->)?$/)
  })

  it('was found in every folder', () => {
    for (const folder of FOLDERS) {
      expect(SOURCES.filter(({ path }) => path.startsWith(`${folder}/`)).length).toBeGreaterThan(2)
    }
  })
})

/** What a file with this one line, below a proper first comment, breaks. */
function planted(path: string, line: string): string[] {
  return violations({ path, text: `// What it is.\n\n${line}\n` })
}

describe('the check', () => {
  it.each([
    ['functions/domain/clock.ts', "import { x } from './session.ts'"],
    ['functions/ports.ts', "import type { Event } from './domain/event.ts'"],
    ['functions/close-sessions.ts', "import type { SessionStore } from './ports.ts'"],
    ['functions/ingest/ingest.ts', "import { a } from '../close-sessions.ts'"],
    ['functions/ingest/ingest.ts', "import { a } from './append-for-user.ts'"],
    ['functions/ingest/handler.ts', "import type { Context } from 'aws-lambda'"],
    ['functions/aws/digest.ts', "import { createHash } from 'node:crypto'"],
    ['functions/aws/digest.ts', 'const now = Date.now()'],
    ['functions/domain/time.ts', 'const date = new Date(timeMs)'],
    ['functions/domain/time.ts', "// Date.now() and import('node:fs') are not for here"],
    ['infra/stack.ts', "import { DUE_INDEX } from '../functions/contract.ts'"],
    ['infra/stack.ts', "import { Stack } from 'aws-cdk-lib/core'"],
    ['local/clients.ts', "import { s3DeadLetters } from '../functions/aws/dead-letters/dead-letter-bucket.ts'"],
    ['cli/main.ts', "const { run } = await import('./program.ts')"],
    ['cli/main.ts', "import type { Row } from '../functions/domain/results/result.ts'"],
    ['cli/main.ts', "import { toRows, type Row } from '../functions/domain/results/result.ts'"],
    ['functions/aws/digest.ts', "import { type X, type Y } from 'aws-lambda'"],
    ['cli/main.ts', 'console.log(`import nothing from nowhere`)'],
    ['bench/cost.ts', "import { columns } from '../terminal/text-table.ts'"],
    ['producer/stamp.ts', "import { decodeEvent } from '../functions/domain/events/decode.ts'"],
    ['local/producer.ts', "import { putRecords } from '../producer/put-records.ts'"],
    ['local/kinesalite.d.ts', 'export default function kinesalite(): void'],
  ])('lets pass in %s: %s', (path, line) => expect(planted(path, line)).toEqual([]))

  it.each([
    ['functions/domain/clock.ts', "import { x } from '../ports.ts'"],
    ['functions/domain/clock.ts', "import type { x } from '../contract.ts'"],
    ['functions/domain/clock.ts', "import 'p-map'"],
    ['functions/domain/clock.ts', "import {\n  a,\n  b,\n} from '../ports.ts'"],
    ['functions/domain/clock.ts', "export * from '../aws/digest.ts'"],
    ['functions/domain/clock.ts', "type X = import('../ports.ts').SessionStore"],
    ['functions/contract.ts', "import type { Rules } from './domain/rules.ts'"],
    ['functions/ports.ts', "import { CLOSED } from './contract.ts'"],
    ['functions/close-sessions.ts', "import { x } from './sweep/sweep.ts'"],
    ['functions/close-sessions.ts', "import { x } from './contract.ts'"],
    ['functions/ingest/ingest.ts', "import { x } from '../sweep/sweep.ts'"],
    ['functions/ingest/ingest.ts', "import { x } from '../aws/digest.ts'"],
    ['functions/ingest/ingest.ts', "import { handler } from './handler.ts'"],
    ['functions/ingest/ingest.ts', "import type { Context } from 'aws-lambda'"],
    ['functions/ingest/ingest.ts', "import { S3Client } from '@aws-sdk/client-s3'"],
    ['functions/ingest/handler.ts', "import { x } from '../sweep/sweep.ts'"],
    ['functions/ingest/handler.ts', "import { x } from '../domain/event.ts'"],
    ['functions/aws/digest.ts', "import { x } from '../ingest/ingest.ts'"],
    ['functions/aws/digest.ts', "import { x } from 'aws-lambda'"],
    ['functions/aws/digest.ts', "import { x } from '../../infra/settings.ts'"],
    ['infra/stack.ts', "import type { Rules } from '../functions/domain/sessions/rules.ts'"],
    ['infra/stack.ts', "import { x } from '../local/emulators/clients.ts'"],
    ['local/clients.ts', "import '../functions/ingest/handler.ts'"],
    ['local/clients.ts', "import { readSettings } from '../infra/settings.ts'"],
    ['local/clients.ts', "import { columns } from '../terminal/text-table.ts'"],
    ['producer/stamp.ts', "import { recordEvents } from '../functions/aws/stream/record-events.ts'"],
    ['producer/stamp.ts', "import { clients } from '../local/emulators/clients.ts'"],
    ['local/producer.ts', "import { createProducer } from '../producer/producer.ts'"],
    ['bench/cost.ts', "import '../functions/ingest/handler.ts'"],
    ['bench/cost.ts', "import { x } from '../infra/stack.ts'"],
    ['bench/cost.ts', "import { x } from '../sim/run.ts'"],
    ['cli/main.ts', "import { x } from '../bench/cost.ts'"],
    ['cli/main.ts', "import { x } from '../infra/stack.ts'"],
    ['cli/main.ts', "import { ingest } from '../functions/ingest/ingest.ts'"],
    ['functions/aws/digest.ts', "import { x, type Y } from 'aws-lambda'"],
    ['cli/main.ts', "await import('../infra/stack.ts')"],
    ['cli/main.ts', "await import('../infra/' + name)"],
    ['cli/main.ts', 'await import(path)'],
    ['cli/main.ts', "require('left-pad')"],
  ])('catches in %s: %s', (path, line) => {
    expect(planted(path, line)).toEqual([expect.stringMatching(/ imports /)])
  })

  it.each([
    ['functions/domain/time.ts', 'const nowMs = Date.now()', 'uses Date.now'],
    ['functions/domain/time.ts', 'const nowMs = Number(new Date())', 'uses new Date without arguments'],
    ['functions/domain/time.ts', 'const nowMs = +new Date', 'uses new Date without arguments'],
    ['functions/domain/time.ts', 'const share = Math.random()', 'uses Math.random'],
    ['functions/domain/time.ts', "const name = 'node:fs'", 'uses node:'],
    ['functions/sweep/sweep.ts', 'const nowMs = Date.now()', 'uses Date.now'],
    ['functions/on-latest-state.ts', 'const share = Math.random()', 'uses Math.random'],
    ['functions/finalize/finalize.ts', 'const { TABLE } = process.env', 'uses process.env'],
    ['local/clients.ts', 'export default 1', 'has a default export'],
    ['local/helpers/clients.ts', '', 'is named for nothing in particular'],
    ['infra/stack-utils.ts', '', 'is named for nothing in particular'],
    ['cli/common.ts', '', 'is named for nothing in particular'],
    ['functions/aws/session-manager.ts', '', 'is named for nothing in particular'],
    ['functions/shared/clock.ts', '', 'is of no layer'],
  ])('catches in %s: %s', (path, line, what) => {
    expect(planted(path, line)).toEqual([expect.stringContaining(what)])
  })

  it('catches a file without a first comment', () => {
    expect(violations({ path: 'cli/main.ts', text: '\n// What it is.\n' })).toHaveLength(1)
    expect(violations({ path: 'cli/main.ts', text: 'const a = 1 // What it is.\n' })).toHaveLength(1)
  })
})
