// Checks when a run takes the synthesized app that an earlier run stored in the data folder.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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
/** The folders that an app was stored in. */
let stored: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-stored-'))
  stored = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const start = (settings: Record<string, string> = {}): Promise<SynthesizedApp> =>
  storedApp(folder, settings, async (into) => {
    stored.push(into)
    mkdirSync(into)
    writeFileSync(join(into, 'manifest.json'), JSON.stringify(MANIFEST))
    writeFileSync(join(into, 'template.json'), JSON.stringify(TEMPLATE))
  })

describe('a run on a data folder', () => {
  it('takes the app that the run before it stored', async () => {
    const first = await start({ gap: '10m' })
    expect(await start({ gap: '10m' })).toEqual(first)
    expect(first).toEqual({ folder: stored[0], template: TEMPLATE })
    expect(stored).toHaveLength(1)
  })

  it('stores another app for other settings, and removes the earlier one', async () => {
    await start({ gap: '10m' })
    const { folder: later } = await start({ gap: '20m' })
    expect(stored).toHaveLength(2)
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([later])
  })

  it('removes unfinished copies, and nothing of the user', async () => {
    const { folder: app } = await start()
    const unfinished = `${app}.7`
    const own = ['app', 'synthesized', 'synthesized-notes', 'synthesized-0123456789abcdef.txt']
    for (const name of own) mkdirSync(join(folder, name))
    mkdirSync(unfinished)
    await start()
    expect(existsSync(unfinished)).toBe(false)
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(own))
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
