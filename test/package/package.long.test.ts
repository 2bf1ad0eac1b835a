// Tests the packed packages in a folder of a user: installed, imported, typed, bundled and run.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { App, Duration, Stack } from 'aws-cdk-lib/core'
import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SearchCtr } from '../../infra/search-ctr.ts'
import { ROOT } from '../../tools/package/compiled-sources.ts'
import { bytesIn, type FreshFolder, freshFolder } from './fresh-folder.ts'

const packed = mkdtempSync(join(tmpdir(), 'search-session-ctr-packed-'))
const folders: FreshFolder[] = []
afterAll(() => {
  for (const { path } of folders) rmSync(dirname(path), { recursive: true })
  rmSync(packed, { recursive: true })
})

/** Makes a folder with the packages installed. Returns it and what npm printed. */
function install(...packages: readonly string[]): { fresh: FreshFolder; printed: string } {
  const fresh = freshFolder()
  folders.push(fresh)
  fresh.write({ 'package.json': '{"name":"shop","version":"1.0.0","private":true}' })
  const printed = fresh.run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages)
  return { fresh, printed }
}

/** Packs a folder of the checkout, and returns the path of the tarball. */
function pack(folder: string): string {
  const away = freshFolder()
  folders.push(away)
  const printed = away.run('npm', 'pack', folder, '--pack-destination', packed, '--silent')
  return join(packed, printed.trim().split('\n').at(-1) ?? '')
}

const versionOf = (name: string): string =>
  `${name}@${JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version}`

const VERSION = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version

/** npm warns of packages that need another Node, and of those that their authors gave up. */
const WARNINGS = /EBADENGINE|deprecated/
/** TypeScript 5, since users have it longer than this checkout. */
const TYPESCRIPT = 'typescript@5.9.3'

/** A service in TypeScript. It compiles only if the types are those of the sources. */
const SERVICE = (name: string): string => `
import { createProducer, EventsNotSentError, type EventInput, type Producer } from '${name}'
const producer: Producer = createProducer({ streamName: 'events' })
export const click: EventInput = { type: 'ClickResult', user: 'ann', item: 'rover' }
// @ts-expect-error a click has an item
export const itemless: EventInput = { type: 'ClickResult', user: 'ann' }
export const unsent = (error: unknown) => (error instanceof EventsNotSentError ? error.events.length : 0)
export const sent: Promise<void> = producer.send(click)
`

const APP = `
import { App, Duration, Stack } from 'aws-cdk-lib/core'
import { SearchCtr, type SearchCtrProps } from 'search-session-ctr/construct'
import type { EventInput } from 'search-session-ctr/event'
const props: SearchCtrProps = { gap: Duration.minutes(20) }
// @ts-expect-error there is no such setting
export const misspelled: SearchCtrProps = { gapp: Duration.minutes(20) }
export const event: EventInput = { type: 'AppOpen', user: 'ann' }
export const table: string = new SearchCtr(new Stack(new App(), 'Shop'), 'Search', props).results.tableName
`

const RESOLUTIONS = [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
  // Jest's projects and older ones compile to CommonJS.
  ['commonjs', 'node10'],
] as const

function compile(fresh: FreshFolder, files: readonly string[], [module, resolution]: (typeof RESOLUTIONS)[number]) {
  const options = ['--strict', '--noEmit', '--target', 'es2022', '--types', 'node']
  return fresh.run('npx', 'tsc', ...options, '--module', module, '--moduleResolution', resolution, ...files)
}

describe('the package of the producer', () => {
  let fresh: FreshFolder
  let printed: string
  beforeAll(() => {
    const client = versionOf('@aws-sdk/client-kinesis')
    const installed = install(pack(join(ROOT, 'producer')), client)
    fresh = installed.fresh
    printed = installed.printed
  })

  it('installs less than 30 MB, without a warning', () => {
    expect(printed).not.toMatch(WARNINGS)
    expect(bytesIn(join(fresh.path, 'node_modules'))).toBeLessThan(30_000_000)
  })

  it('its own files take less than 100 KB', () => {
    expect(bytesIn(join(fresh.path, 'node_modules/search-session-ctr-producer'))).toBeLessThan(100_000)
  })

  it('plain Node imports and requires it', () => {
    const prints = 'console.log(typeof createProducer)'
    const imports = "import { createProducer } from 'search-session-ctr-producer'"
    expect(fresh.run('node', '--input-type=module', '-e', `${imports};${prints}`)).toBe('function\n')
    const requires = "const { createProducer } = require('search-session-ctr-producer')"
    expect(fresh.run('node', '-e', `${requires};${prints}`)).toBe('function\n')
  })

  it.each([
    ['mjs', 'esm'],
    ['cjs', 'cjs'],
  ] as const)('esbuild bundles a service with it as .%s, which runs', (extension, format) => {
    fresh.write({ 'service.js': "import { createProducer } from 'search-session-ctr-producer'\ncreateProducer({})" })
    const outfile = join(fresh.path, `bundled.${extension}`)
    // Lambda brings the SDK, so its users leave it out of their bundles.
    buildSync({
      absWorkingDir: fresh.path,
      entryPoints: ['service.js'],
      outfile,
      format,
      bundle: true,
      platform: 'node',
      external: ['@aws-sdk/*'],
    })
    expect(() => fresh.run('node', outfile)).toThrow('streamName: expected the name of a stream')
  })

  it('TypeScript compiles a strict service in every kind of resolution', () => {
    fresh.run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', TYPESCRIPT, versionOf('@types/node'))
    const [, shown = ''] = /```ts\n(.*?)```/s.exec(readFileSync(join(ROOT, 'producer/README.md'), 'utf8')) ?? []
    expect(shown).toContain('createProducer(')
    fresh.write({ 'service.ts': SERVICE('search-session-ctr-producer'), 'shown.ts': shown })
    for (const resolution of RESOLUTIONS) expect(compile(fresh, ['service.ts', 'shown.ts'], resolution)).toBe('')
  })
})

describe('the package of the pipeline', () => {
  let fresh: FreshFolder
  let printed: string
  let tarball: string
  beforeAll(() => {
    tarball = pack(ROOT)
    const installed = install(tarball, versionOf('aws-cdk-lib'), versionOf('constructs'))
    fresh = installed.fresh
    printed = installed.printed
  })

  it('installs without a warning, and without compilers and bundlers', () => {
    expect(printed).not.toMatch(WARNINGS)
    const names = readdirSync(join(fresh.path, 'node_modules'))
    expect(names).toContain('search-session-ctr')
    expect(names.filter((name) => ['esbuild', 'tsx', 'typescript', 'cookie', 'fastify'].includes(name))).toEqual([])
  })

  it.each(['producer', 'event', 'construct'])('plain Node imports and requires %s', (name) => {
    const imported = `console.log(Object.keys(await import('search-session-ctr/${name}')).sort().join())`
    const required = `console.log(Object.keys(require('search-session-ctr/${name}')).sort().join())`
    const names = fresh.run('node', '--input-type=module', '-e', imported)
    expect(names).toBe(fresh.run('node', '-e', required))
    expect(names).toContain({ producer: 'createProducer', event: '', construct: 'SearchCtr' }[name])
  })

  it('plain Node reads the schema of an event', () => {
    expect(fresh.run('node', '-p', "require('search-session-ctr/event.schema.json').title")).not.toBe('undefined\n')
  })

  it('TypeScript compiles a strict app in every kind of resolution', () => {
    fresh.run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', TYPESCRIPT, versionOf('@types/node'))
    fresh.write({ 'app.ts': APP, 'service.ts': SERVICE('search-session-ctr/producer') })
    for (const resolution of RESOLUTIONS) expect(compile(fresh, ['app.ts', 'service.ts'], resolution)).toBe('')
  })

  it.each([
    [
      'an ES module',
      'app.mjs',
      "import { App, Duration, Stack } from 'aws-cdk-lib/core'\nimport { SearchCtr } from 'search-session-ctr/construct'",
    ],
    [
      'CommonJS',
      'app.cjs',
      "const { App, Duration, Stack } = require('aws-cdk-lib/core')\nconst { SearchCtr } = require('search-session-ctr/construct')",
    ],
  ])('%s synthesizes the template and bundles that the checkout does', (_, file, imports) => {
    fresh.write({
      [file]: `${imports}\nnew SearchCtr(new Stack(new App(), 'Shop'), 'Search', { gap: Duration.minutes(20) })`,
      'cdk.json': JSON.stringify({ app: `node ${file}`, versionReporting: false, pathMetadata: false }),
    })
    fresh.run('node', join(ROOT, 'node_modules/aws-cdk/bin/cdk'), 'synth', '--quiet', '--output', `${file}.out`)
    const app = new App({ outdir: join(packed, file), context: { 'aws:cdk:enable-asset-metadata': true } })
    new SearchCtr(new Stack(app, 'Shop'), 'Search', { gap: Duration.minutes(20) })
    app.synth()
    const template = (folder: string) => JSON.parse(readFileSync(join(folder, 'Shop.template.json'), 'utf8'))
    expect(template(join(fresh.path, `${file}.out`))).toEqual(template(join(packed, file)))
  })

  it('an app that init wrote installs, passes its test, compiles and synthesizes', () => {
    fresh.run('npx', 'search-session-ctr', 'init', 'shop')
    const app = fresh.inside('shop')
    // The version that its package.json names need not be published yet.
    app.run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball)
    app.run('npm', 'test')
    app.run('npx', 'tsc', '-p', '.')
    app.run('npx', 'cdk', 'synth', '--quiet')
    const template = readFileSync(join(app.path, 'cdk.out/SearchSessionCtr.template.json'), 'utf8')
    expect(template.match(/"AWS::Lambda::Function"/g)).toHaveLength(4)
  })

  it('npx runs the demo', () => {
    const shown = fresh.run('npx', 'search-session-ctr', 'demo')
    expect(shown).toContain('CTR 2/3 = 66.7 %')
    expect(shown).toMatch(/click-through rate {4}53\.4 %/)
    expect(readFileSync(join(fresh.path, 'report.html'), 'utf8')).toContain('<script')
  })

  it('npx runs the other commands of this machine', () => {
    expect(fresh.run('npx', 'search-session-ctr', '--version')).toBe(`${VERSION}\n`)
    fresh.write({ 'events.ndjson': fresh.run('npx', 'search-session-ctr', 'generate', '--users', '3') })
    expect(fresh.run('npx', 'search-session-ctr', 'produce', 'events.ndjson', '--dry-run')).toMatch(
      /^\d+ good events\. Nothing was sent\./,
    )
    fresh.run('npx', 'search-session-ctr', 'local', '--events', 'events.ndjson', '--out', 'results')
    const summary = JSON.parse(readFileSync(join(fresh.path, 'results/summary.json'), 'utf8'))
    expect(summary.users).toBe(3)
  })

  it('a run that stores its data names the optional package that is missing', () => {
    rmSync(join(fresh.path, 'node_modules/leveldown'), { recursive: true })
    const run = () => fresh.run('npx', 'search-session-ctr', 'local', '--events', 'events.ndjson', '--data', 'data')
    expect(run).toThrow("--data needs the package leveldown: run 'npm install --no-save leveldown@")
  })
})
