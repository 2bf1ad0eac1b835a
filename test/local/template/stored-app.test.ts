// Checks when a run takes the synthesized app that an earlier run stored in the data folder.

import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sourcesDigest, storedApp } from '../../../local/template/stored-app.ts'
import type { SynthesizedApp } from '../../../local/template/synthesized-app.ts'

const TEMPLATE = { Resources: {}, Outputs: {} }
const MANIFEST = {
  artifacts: { stack: { type: 'aws:cloudformation:stack', properties: { templateFile: 'template.json' } } },
}

let folder: string
let data: string
let made: SynthesizedApp
/** How often the app was synthesized. */
let syntheses: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-stored-'))
  data = join(folder, 'data')
  made = { folder: join(folder, 'made'), template: TEMPLATE }
  syntheses = 0
  mkdirSync(data)
  mkdirSync(join(made.folder, 'asset.1'), { recursive: true })
  writeFileSync(join(made.folder, 'manifest.json'), JSON.stringify(MANIFEST))
  writeFileSync(join(made.folder, 'template.json'), JSON.stringify(TEMPLATE))
  writeFileSync(join(made.folder, 'asset.1', 'index.mjs'), 'the bundle')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const start = (settings: Record<string, string> = {}): Promise<SynthesizedApp> =>
  storedApp(data, settings, async () => {
    syntheses++
    return made
  })

describe('a run on a data folder', () => {
  it('takes the template and the bundles that the run before it stored', async () => {
    await start({ gap: '10m' })
    const stored = await start({ gap: '10m' })
    expect(syntheses).toBe(1)
    expect(stored).toEqual({ folder: join(data, 'app'), template: TEMPLATE })
    expect(readFileSync(join(stored.folder, 'asset.1', 'index.mjs'), 'utf8')).toBe('the bundle')
  })

  it('synthesizes again with other settings', async () => {
    await start({ gap: '10m' })
    expect((await start({ gap: '20m' })).folder).toBe(made.folder)
    await start({ gap: '20m' })
    expect(syntheses).toBe(2)
  })

  it.each([
    ['a changed bundle', () => appendFileSync(join(data, 'app', 'asset.1', 'index.mjs'), ' is longer')],
    ['a missing bundle', () => rmSync(join(data, 'app', 'asset.1'), { recursive: true })],
    ['no app, as after a kill', () => rmSync(join(data, 'app'), { recursive: true })],
    ['no record, as after a kill', () => rmSync(join(data, 'app.json'))],
  ])('synthesizes again where it finds %s', async (_, damage) => {
    await start()
    damage()
    expect((await start()).folder).toBe(made.folder)
    expect((await start()).folder).toBe(join(data, 'app'))
    expect(syntheses).toBe(2)
  })
})

describe('the digest of the sources', () => {
  it('changes with each source, each setting and each installed package', () => {
    const root = join(folder, 'root')
    mkdirSync(join(root, 'functions', 'ingest'), { recursive: true })
    const digests = [sourcesDigest(root, []), sourcesDigest(root, ['packages']), sourcesDigest(root, ['', 'packages'])]
    for (const name of ['functions/ingest/handler.ts', 'functions/a.ts', 'cdk.json']) {
      writeFileSync(join(root, name), 'one')
      digests.push(sourcesDigest(root, []))
      writeFileSync(join(root, name), 'two')
      digests.push(sourcesDigest(root, []))
    }
    expect(new Set(digests).size).toBe(digests.length)
  })

  it('stays while files beside the sources change', () => {
    const before = sourcesDigest(folder, [])
    writeFileSync(join(folder, 'README.md'), 'text')
    expect(sourcesDigest(folder, [])).toBe(before)
  })
})
