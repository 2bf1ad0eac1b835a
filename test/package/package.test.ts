// Tests what the build adds to compiled sources, and that the producer's bundle runs in plain Node.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Metafile } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProducer } from '../../tools/package/build-package.ts'
import { COPIED, ROOT } from '../../tools/package/compiled-sources.ts'
import { copyDeclarations, nameCompiledFiles, writeCommonJsDeclarations } from '../../tools/package/declarations.ts'
import { bundledLicenses } from '../../tools/package/licenses.ts'
import { bytesIn, freshFolder } from './fresh-folder.ts'

const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))

/** Returns all files that the exports name, in any depth. */
function filesOf(exported: unknown): string[] {
  return typeof exported === 'string' ? [exported] : Object.values(exported as object).flatMap(filesOf)
}

describe('the packages', () => {
  it('both packages have one version, and npm may publish them', () => {
    const [main, producer] = [json('package.json'), json('producer/package.json')]
    expect(producer.version).toBe(main.version)
    expect([main.private, producer.private]).toEqual([undefined, undefined])
    expect(json('package-lock.json').packages.producer.version).toBe(main.version)
  })

  it('every export is a file of the checkout, or compiled from one', () => {
    const files = filesOf(json('package.json').exports)
    expect(files).toHaveLength(14)
    for (const file of files) {
      const source = file.replace('./dist/', './').replace(/(\.d)?\.c?[jt]s$/, '.ts')
      expect(existsSync(join(ROOT, source)), file).toBe(true)
    }
  })

  it('every file that the compiler leaves out is copied, or has its own place', () => {
    const { include } = json('tsconfig.build.json') as { include: string[] }
    // The report's script is bundled. npm takes the command and the producer's files by themselves.
    const elsewhere = ['report/browser', 'cli/search-ctr.mjs', 'producer/']
    const listed = include.flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
    )
    const left = listed.filter((path) => /\.\w+$/.test(path) && !/(\.ts|tsconfig\.json)$/.test(path))
    expect(left.filter((path) => !elsewhere.some((one) => path.startsWith(one))).sort()).toEqual(
      COPIED.filter((path) => path !== 'starter').sort(),
    )
  })

  it('the message on a missing database names the version that the package asks for', () => {
    const { version } = json('node_modules/leveldown/package.json')
    expect(json('package.json').optionalDependencies.leveldown).toBe(version)
    const source = readFileSync(join(ROOT, 'local/emulators/endpoints.ts'), 'utf8')
    expect(source).toContain(`npm install --no-save leveldown@${version}'`)
  })

  it('the producer needs the client of Kinesis and nothing else', () => {
    const { dependencies, peerDependencies } = json('producer/package.json')
    expect(dependencies).toBe(undefined)
    expect(Object.keys(peerDependencies)).toEqual(['@aws-sdk/client-kinesis'])
  })
})

/** Sends an event and a wrong one, and prints what becomes of them. */
const SERVICE = `
console.log(Object.keys(exported).sort().join(' '))
const client = { send: async ({ input: { Records } }) => {
  console.log(String(Records[0].Data))
  return { Records: [{ SequenceNumber: '1' }] }
} }
const producer = exported.createProducer({ streamName: 'events', client })
producer.send({ type: 'AppOpen', user: 'ann', eventId: 'a1', time: '2026-03-02T09:00:00Z' })
  .then(() => producer.send({ type: 'Search', user: 'ann' }))
  .catch((error) => {
    if (error instanceof exported.EventRejectedError) console.log(error.name, error.reason)
  })
  .finally(() => exported.createProducer({ streamName: 'events' }).close())
`

describe('the bundles of the producer', () => {
  const fresh = freshFolder()
  const dist = join(fresh.path, 'dist')
  afterAll(() => rmSync(dirname(fresh.path), { recursive: true }))
  beforeAll(() => {
    buildProducer(dist)
    mkdirSync(join(fresh.path, 'node_modules'))
    symlinkSync(join(ROOT, 'node_modules/@aws-sdk'), join(fresh.path, 'node_modules/@aws-sdk'))
    fresh.write({ 'package.json': '{"type":"module"}' })
  })

  it.each([
    ['imports', 'service.mjs', "import * as exported from './dist/producer.js'"],
    ['requires', 'service.cjs', "const exported = require('./dist/producer.cjs')"],
  ])('plain Node %s the producer, which sends events', (_, file, loads) => {
    fresh.write({ [file]: `${loads}\n${SERVICE}` })
    expect(fresh.run(process.execPath, '--no-warnings', file).split('\n')).toEqual([
      'EventRejectedError EventsNotSentError createProducer',
      '{"type":"AppOpen","user":"ann","eventId":"a1","time":"2026-03-02T09:00:00Z"}',
      'EventRejectedError missing-field',
      '',
    ])
  })

  it('the package stays below 100 KB', () => {
    const beside = ['LICENSE', 'README.md', 'package.json'].map((name) => readFileSync(join(ROOT, 'producer', name)))
    const bytes = bytesIn(dist) + beside.reduce((sum, { length }) => sum + length, 0)
    // The declarations take another 10 KB.
    expect(bytes).toBeLessThan(90_000)
  })
})

describe('the declarations', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-declarations-'))
    mkdirSync(join(folder, 'infra'))
    const files = {
      'infra/a.d.ts': `import type { B } from './b.ts';\nexport { C } from "../c.ts";\nexport type D = import('./d.ts').D;\n`,
      'infra/b.d.ts': `export type { B } from 'other/b.ts';\n`,
      'infra/d.d.ts': '',
      'infra/e.d.ts': '',
      'c.d.ts': '',
    }
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8')

  it('the compiled files name each other, and packages keep their names', () => {
    nameCompiledFiles(folder)
    expect(read('infra/a.d.ts')).toBe(
      `import type { B } from './b.js';\nexport { C } from "../c.js";\nexport type D = import('./d.js').D;\n`,
    )
    expect(read('infra/b.d.ts')).toBe(`export type { B } from 'other/b.ts';\n`)
  })

  it('CommonJS gets the declarations that the entry needs', () => {
    writeCommonJsDeclarations(folder, 'infra/a.d.ts')
    expect(read('infra/a.d.cts')).toContain(`from './b.cjs'`)
    const made = ['infra/b', 'infra/d', 'infra/e', 'c'].filter((path) => existsSync(join(folder, `${path}.d.cts`)))
    expect(made).toEqual(['infra/b', 'infra/d', 'c'])
  })

  it('the producer may not need declarations of other folders', () => {
    expect(() => copyDeclarations(folder, 'infra/a.d.ts', join(folder, 'copy'))).toThrow(
      'infra/a.d.ts needs c.d.ts, which the package does not have',
    )
  })
})

describe('the licenses of bundled code', () => {
  const using = (...inputs: string[]): Metafile => ({
    inputs: {},
    outputs: {
      'index.mjs': {
        bytes: 1,
        imports: [],
        exports: [],
        inputs: Object.fromEntries(inputs.map((path) => [path, { bytesInOutput: 1 }])),
      },
    },
  })

  it('equal terms are listed once, with each package and holder', () => {
    const text = bundledLicenses([
      using('node_modules/@smithy/core/a.js', 'node_modules/@smithy/core/b.js', 'functions/contract.ts'),
      using('node_modules/@smithy/node-http-handler/a.js'),
    ])
    expect(text.match(/^@smithy\/.*, Apache-2\.0\n {2}Copyright .*$/gm)).toHaveLength(2)
    expect(text.match(/Grant of Patent License/g)).toHaveLength(1)
  })

  it('a license that asks for more than its notice stops the build', () => {
    expect(() => bundledLicenses([using('node_modules/axe-core/axe.js')])).toThrow(
      'the license of axe-core is MPL-2.0, which is not allowed in a bundle',
    )
  })
})
