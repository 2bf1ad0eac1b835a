// Tests that every file keeps the rules of its layer, and that no imports make a circle.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { circles, type SourceFile, withoutComments } from './support/imports.ts'
import { violations } from './support/layer-violations.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = [
  'functions',
  'compare',
  'infra',
  'producer',
  'samples',
  'terminal',
  'local',
  'sim',
  'cli',
  'bench',
  'report',
  'watch',
  'tools',
]

/** `npm pack` builds it. */
const BUILT = 'producer/dist'

function pathsIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (path === BUILT) return []
    return entry.isDirectory() ? pathsIn(path) : [path]
  })
}

/** The producer's own package has these files beside its sources. */
const PRODUCER_FILES = ['producer/LICENSE', 'producer/README.md', 'producer/package.json']

/** The programs of the bench in other languages. */
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
  it('the source has no circle of imports', () => expect(circles(SOURCES)).toEqual([]))

  it.each(SOURCES)('$path keeps the rules of its layer', (source) => {
    expect(violations(source)).toEqual([])
  })

  it.each([
    // It reads the names of buckets in addresses.
    [
      'a name that some machines resolve to IPv6 alone',
      /\blocalhost\b(?!:\$\{listensOn\})/,
      ['local/proxy/needed-permissions.ts'],
    ],
    ['the path of a URL, which is no path on Windows', /import\.meta\.url\)\.pathname/, []],
    ['a folder that only some systems have', /['"`]\/(tmp|var|usr)\b/, []],
    ['a program that Windows runs in a shell only', /\b(spawn|exec\w*)\(\s*['"`](npx|npm|cdk|sh|bash)\b/, []],
    ['the order or the numbers of the language of the machine', /\.toLocale\w+\(\)|Intl\.\w+\(\)/, []],
  ])('no source that users run contains %s', (_, pattern, right) => {
    const ran = SOURCES.filter(({ path }) => !/^(bench|tools)\//.test(path))
    const found = ran.filter(({ text }) => pattern.test(withoutComments(text)))
    expect(found.map(({ path }) => path)).toEqual(right)
  })

  it('the scripts of the package run in the shells of every system', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(Object.values(scripts).filter((script) => /['$`;|<>*]|^\w+=/.test(script))).toEqual([])
  })

  it('the source is TypeScript, except for files that Node, a browser or a peer reads', () => {
    expect(PATHS.filter((path) => !/\.ts$|tsconfig\.json$|^bench\/(units|compare\/compare)\.json$/.test(path))).toEqual(
      [
        ...PRODUCER_FILES,
        'local/emulators/tied-process.mjs',
        'local/lambda/function-runtime.mjs',
        'cli/search-ctr.mjs',
        ...PEER_FILES,
        'report/report.css',
        'watch/watch.css',
        // Pins the AWS emulators, which are programs in Python.
        'tools/conformance/requirements.txt',
      ],
    )
  })

  it.each(PEER_FILES)('%s begins with a comment sentence', (path) => {
    const [first] = readFileSync(join(ROOT, path), 'utf8').split('\n')
    expect(first).toMatch(/^(\/\/|#|<!--) [A-Z].*\.( -->)?$/)
  })

  it.each(FOLDERS)('the tests read the source files in %s', (folder) => {
    expect(SOURCES.filter(({ path }) => path.startsWith(`${folder}/`)).length).toBeGreaterThan(1)
  })
})

/** Returns the violations of a file that has only a first comment and this line. */
function violationsOf(path: string, line: string): string[] {
  return violations({ path, text: `// Does its work.\n\n${line}\n` })
}

describe('the check', () => {
  it.each([
    ['functions/domain/sessions/clock.ts', "import { x } from './session.ts'"],
    ['functions/domain/results/result.ts', "import { x } from '../sessions/session.ts'"],
    ['functions/domain/sessions/session.ts', "import { x } from '../events/event.ts'"],
    ['functions/domain/events/time.ts', "import { DAY_MS } from '../durations.ts'"],
    ['functions/memory/memory-stores.ts', "import type { SessionStore } from '../ports.ts'"],
    ['functions/ports.ts', "import type { Event } from './domain/events/event.ts'"],
    ['functions/user-writes.ts', "import type { SessionStore } from './ports.ts'"],
    ['functions/ingest/ingest.ts', "import { a } from '../user-writes.ts'"],
    ['functions/ingest/ingest.ts', "import { a } from './append-for-user.ts'"],
    ['functions/ingest/handler.ts', "import type { Context } from 'aws-lambda'"],
    ['functions/aws/runtime/digest.ts', "import { createHash } from 'node:crypto'"],
    ['functions/aws/runtime/digest.ts', 'const now = Date.now()'],
    ['functions/domain/events/time.ts', 'const date = new Date(timeMs)'],
    ['functions/domain/events/time.ts', "// Date.now() and import('node:fs') in a comment are no violation"],
    ['infra/stack.ts', "import { HOUR_INDEX } from '../functions/contract.ts'"],
    ['infra/stack.ts', "import { Stack } from 'aws-cdk-lib/core'"],
    [
      'local/run/local-run.ts',
      "import { s3DeadLetters } from '../../functions/aws/dead-letters/dead-letter-bucket.ts'",
    ],
    ['cli/main.ts', "const { run } = await import('./program.ts')"],
    ['cli/reads/user-rows.ts', "import type { Row } from '../../functions/domain/results/result.ts'"],
    ['cli/reads/user-rows.ts', "import { toRows, type Row } from '../../functions/domain/results/result.ts'"],
    ['functions/aws/runtime/digest.ts', "import { type X, type Y } from 'aws-lambda'"],
    ['cli/main.ts', 'console.log(`import nothing from nowhere`)'],
    ['bench/program.ts', "import { columns } from '../terminal/text-table.ts'"],
    ['producer/prepare-event.ts', "import { decodeEvent } from '../functions/domain/events/decode.ts'"],
    ['local/replay/producer.ts', "import { putRecords } from '../../producer/put-records.ts'"],
    ['local/emulators/kinesalite.d.ts', 'export default function kinesalite(): void'],
  ])('the rules allow in %s: %s', (path, line) => expect(violationsOf(path, line)).toEqual([]))

  it.each([
    ['functions/domain/sessions/session.ts', "import { x } from '../results/result.ts'"],
    ['functions/domain/events/event.ts', "import { x } from '../sessions/session.ts'"],
    ['functions/memory/memory-stores.ts', "import { x } from '../aws/runtime/digest.ts'"],
    ['functions/aws/runtime/digest.ts', "import { x } from '../stream/kpl.ts'"],
    ['functions/aws/sessions-table/timer-store.ts', "import { x } from '../results-table/result-items.ts'"],
    ['local/template/arn.ts', "import { x } from '../run/summary.ts'"],
    ['cli/reads/user-rows.ts', "import { x } from '../commands/results.ts'"],
    ['terminal/output.ts', "import { x } from '../cli/program.ts'"],
    ['sim/stores.ts', "import { x } from '../local/run/summary.ts'"],
    ['functions/domain/sessions/clock.ts', "import { x } from '../../ports.ts'"],
    ['functions/domain/sessions/clock.ts', "import type { x } from '../../contract.ts'"],
    ['functions/domain/sessions/clock.ts', "import 'p-map'"],
    ['functions/domain/sessions/clock.ts', "import {\n  a,\n  b,\n} from '../../ports.ts'"],
    ['functions/domain/sessions/clock.ts', "export * from '../../aws/runtime/digest.ts'"],
    ['functions/domain/sessions/clock.ts', "type X = import('../../ports.ts').SessionStore"],
    ['functions/contract.ts', "import type { Rules } from './domain/sessions/rules.ts'"],
    ['functions/ports.ts', "import { CLOSED } from './contract.ts'"],
    ['functions/user-writes.ts', "import { x } from './sweep/sweep.ts'"],
    ['functions/user-writes.ts', "import { x } from './contract.ts'"],
    ['functions/ingest/ingest.ts', "import { x } from '../sweep/sweep.ts'"],
    ['functions/ingest/ingest.ts', "import { x } from '../aws/runtime/digest.ts'"],
    ['functions/ingest/ingest.ts', "import { handler } from './handler.ts'"],
    ['functions/ingest/ingest.ts', "import type { Context } from 'aws-lambda'"],
    ['functions/ingest/ingest.ts', "import { S3Client } from '@aws-sdk/client-s3'"],
    ['functions/ingest/handler.ts', "import { x } from '../sweep/sweep.ts'"],
    ['functions/ingest/handler.ts', "import { x } from '../domain/events/event.ts'"],
    ['functions/aws/runtime/digest.ts', "import { x } from '../../ingest/ingest.ts'"],
    ['functions/aws/runtime/digest.ts', "import { x } from 'aws-lambda'"],
    ['functions/aws/runtime/digest.ts', "import { x } from '../../../infra/settings.ts'"],
    ['infra/stack.ts', "import type { Rules } from '../functions/domain/sessions/rules.ts'"],
    ['infra/stack.ts', "import { x } from '../local/emulators/clients.ts'"],
    ['local/emulators/clients.ts', "import '../../functions/ingest/handler.ts'"],
    ['local/emulators/clients.ts', "import { readSettings } from '../../infra/settings.ts'"],
    ['local/emulators/clients.ts', "import { x } from '../../cli/target/target.ts'"],
    ['producer/prepare-event.ts', "import { recordEvents } from '../functions/aws/stream/record-events.ts'"],
    ['producer/prepare-event.ts', "import { clients } from '../local/emulators/clients.ts'"],
    ['local/replay/producer.ts', "import { createProducer } from '../../producer/producer.ts'"],
    ['bench/program.ts', "import '../functions/ingest/handler.ts'"],
    ['bench/program.ts', "import { x } from '../infra/stack.ts'"],
    ['bench/program.ts', "import { x } from '../sim/run.ts'"],
    ['cli/main.ts', "import { x } from '../bench/cost/cost.ts'"],
    ['cli/main.ts', "import { x } from '../infra/stack.ts'"],
    ['cli/main.ts', "import { ingest } from '../functions/ingest/ingest.ts'"],
    ['functions/aws/runtime/digest.ts', "import { x, type Y } from 'aws-lambda'"],
    ['cli/main.ts', "await import('../infra/stack.ts')"],
    ['cli/main.ts', "await import('../infra/' + name)"],
    ['cli/main.ts', 'await import(path)'],
    ['cli/main.ts', "require('left-pad')"],
  ])('the rules refuse in %s: %s', (path, line) => {
    expect(violationsOf(path, line)).toEqual([expect.stringMatching(/ imports /)])
  })

  it.each([
    ['functions/domain/events/time.ts', 'const nowMs = Date.now()', 'uses Date.now'],
    ['functions/domain/events/time.ts', 'const nowMs = Number(new Date())', 'uses new Date without arguments'],
    ['functions/domain/events/time.ts', 'const nowMs = +new Date', 'uses new Date without arguments'],
    ['functions/domain/events/time.ts', 'const share = Math.random()', 'uses Math.random'],
    ['functions/domain/events/time.ts', "const name = 'node:fs'", 'uses node:'],
    ['functions/sweep/sweep.ts', 'const nowMs = Date.now()', 'uses Date.now'],
    ['functions/user-writes.ts', 'const share = Math.random()', 'uses Math.random'],
    ['functions/finalize/finalize.ts', 'const { TABLE } = process.env', 'uses process.env'],
    ['cli/commands/doctor.ts', 'process.exitCode = 3', 'uses the process instead of its terminal'],
    ['cli/commands/doctor.ts', "console.log('ok')", 'uses console'],
    ['local/emulators/clients.ts', 'export default 1', 'has a default export'],
    ['cli/doctor/finding-helpers.ts', '', 'has a name without a meaning'],
    ['infra/stack-utils.ts', '', 'has a name without a meaning'],
    ['cli/common.ts', '', 'has a name without a meaning'],
    ['functions/aws/runtime/session-manager.ts', '', 'has a name without a meaning'],
    ['functions/shared/clock.ts', '', 'belongs to no layer'],
  ])('the rules refuse in %s: %s', (path, line, violation) => {
    expect(violationsOf(path, line)).toEqual([expect.stringContaining(violation)])
  })

  it('a circle of imports is found, by types too', () => {
    const files = [
      { path: 'cli/a.ts', text: "import { b } from './b.ts'\nimport { d } from './d.ts'" },
      { path: 'cli/b.ts', text: "import type { C } from './c.ts'" },
      { path: 'cli/c.ts', text: "export { b } from './b.ts'" },
      { path: 'cli/d.ts', text: '' },
    ]
    expect(circles(files)).toEqual([['cli/b.ts', 'cli/c.ts']])
    expect(circles(files.slice(0, 2))).toEqual([])
  })

  it('a file without a first comment breaks the rules', () => {
    expect(violations({ path: 'cli/main.ts', text: '\n// Does its work.\n' })).toHaveLength(1)
    expect(violations({ path: 'cli/main.ts', text: 'const a = 1 // Does its work.\n' })).toHaveLength(1)
  })
})
