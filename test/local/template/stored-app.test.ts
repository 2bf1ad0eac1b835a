// Checks when a run takes the synthesized app that an earlier run stored in the cache.

import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appsFolder, finishApp } from '../../../local/template/app-cache.ts'
import { fillFolder } from '../../../local/template/stored-app.ts'

let folder: string
let caches: string
let root: string
/** The settings of each app that was made, in order. */
let made: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-stored-'))
  caches = join(folder, 'Älteste Läufe')
  root = join(folder, 'root')
  mkdirSync(join(root, 'functions'), { recursive: true })
  made = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const apps = (): string => join(caches, 'search-session-ctr', 'apps')
const stored = (): string[] => readdirSync(apps()).sort()

type Settings = Readonly<Record<string, string>>

/** Writes an app with a file in a folder below, as a bundle is. */
async function make(into: string, settings: Settings): Promise<void> {
  made.push(JSON.stringify(settings))
  mkdirSync(join(into, 'asset.1'))
  writeFileSync(join(into, 'asset.1', 'index.mjs'), JSON.stringify(settings))
  writeFileSync(join(into, 'manifest.json'), '{}')
}

async function store(into: string, settings: Settings): Promise<void> {
  await make(into, settings)
  finishApp(into, Date.now())
}

/** Starts a run, and returns the bundle that it gets. */
async function bundleOf(settings: Settings = {}, options: object = {}): Promise<string> {
  const into = mkdtempSync(join(folder, 'run-'))
  await fillFolder(into, settings, { XDG_CACHE_HOME: caches }, { root, store, make, ...options })
  expect(existsSync(join(into, 'manifest.json'))).toBe(true)
  return readFileSync(join(into, 'asset.1', 'index.mjs'), 'utf8')
}

describe('a run', () => {
  it('takes the app that the run before it stored', async () => {
    expect(await bundleOf({ gap: '10m' })).toBe('{"gap":"10m"}')
    expect(await bundleOf({ gap: '10m' })).toBe('{"gap":"10m"}')
    expect(made).toHaveLength(1)
  })

  it('stores another app for other settings, and for other sources', async () => {
    await bundleOf({ gap: '10m' })
    await bundleOf({ gap: '20m' })
    writeFileSync(join(root, 'functions', 'handler.ts'), 'one')
    await bundleOf({ gap: '10m' })
    writeFileSync(join(root, 'functions', 'handler.ts'), 'two')
    await bundleOf({ gap: '10m' })
    expect(made).toHaveLength(4)
    expect(stored()).toHaveLength(4)
  })

  it.each([
    ['a missing file', (app: string) => rmSync(join(app, 'asset.1', 'index.mjs'))],
    ['a changed file', (app: string) => writeFileSync(join(app, 'asset.1', 'index.mjs'), '{"gap":"11m"}')],
    ['a further file', (app: string) => writeFileSync(join(app, 'asset.1', 'other.mjs'), '')],
    ['no seal', (app: string) => rmSync(join(app, 'sealed.txt'))],
  ])('makes an app anew that is stored with %s', async (_, damage) => {
    await bundleOf({ gap: '10m' })
    damage(join(apps(), stored()[0] ?? ''))
    expect(await bundleOf({ gap: '10m' })).toBe('{"gap":"10m"}')
    expect(made).toHaveLength(2)
    await bundleOf({ gap: '10m' })
    expect(made).toHaveLength(2)
  })

  it('takes the app of a run at the same time that was faster', async () => {
    const slow = async (into: string, settings: Settings): Promise<void> => {
      await make(into, settings)
      await bundleOf(settings)
      finishApp(into, Date.now())
    }
    expect(await bundleOf({}, { store: slow })).toBe('{}')
    expect(made).toHaveLength(2)
    expect(stored()).toHaveLength(1)
  })

  it('makes the app for itself if the cache does not get it', async () => {
    expect(await bundleOf({}, { store: async () => {} })).toBe('{}')
    expect(made).toHaveLength(1)
  })

  it('makes the app for itself where no cache can be', async () => {
    writeFileSync(caches, 'a file')
    expect(await bundleOf()).toBe('{}')
    expect(made).toHaveLength(1)
  })

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'takes an app from a cache that it can only read',
    async () => {
      await bundleOf()
      chmodSync(apps(), 0o500)
      expect(await bundleOf()).toBe('{}')
      expect(await bundleOf({ gap: '10m' })).toBe('{"gap":"10m"}')
      chmodSync(apps(), 0o700)
      expect(stored()).toHaveLength(1)
    },
  )
})

describe('the cache', () => {
  it('keeps the 16 apps that were used last', async () => {
    for (let n = 0; n < 16; n++) await bundleOf({ gap: `${n}m` })
    for (const [index, name] of stored().entries()) utimesSync(join(apps(), name), 1000 + index, 1000 + index)
    const [oldest, second] = stored()
    cpSync(join(apps(), oldest ?? ''), join(apps(), `${oldest}.abc123`), { recursive: true })
    utimesSync(join(apps(), `${oldest}.abc123`), 1000, 1000)
    writeFileSync(join(apps(), 'notes.txt'), 'not ours')
    await bundleOf({ gap: '16m' })
    expect(stored()).toHaveLength(17)
    expect(stored()).not.toContain(oldest)
    expect(stored()).not.toContain(`${oldest}.abc123`)
    expect(stored()).toEqual(expect.arrayContaining([second, 'notes.txt']))
  })

  it.each([
    ['linux', { XDG_CACHE_HOME: 'HOME/x' }, 'x'],
    ['linux', { HOME: 'HOME' }, '.cache'],
    ['linux', { HOME: 'HOME', XDG_CACHE_HOME: 'relative' }, '.cache'],
    ['darwin', { HOME: 'HOME' }, 'Library/Caches'],
    ['win32', { LOCALAPPDATA: 'HOME/Local' }, 'Local'],
  ] as const)('is where %s has the caches of a user, with %j', (platform, env, below) => {
    mkdirSync(join(folder, 'Library'))
    const set = Object.entries(env).map(([name, value]) => [name, value.replace('HOME', folder)])
    expect(appsFolder(Object.fromEntries(set), platform)).toBe(join(folder, below, 'search-session-ctr', 'apps'))
  })

  it('is nowhere for a user whose home does not exist', () => {
    expect(appsFolder({ HOME: join(folder, 'none') }, 'linux')).toBe(null)
  })

  it.skipIf(process.platform === 'win32')('is not taken where others may write, nor by a link', () => {
    const env = { XDG_CACHE_HOME: caches }
    const own = appsFolder(env) ?? ''
    chmodSync(own, 0o777)
    expect(appsFolder(env)).toBe(null)
    chmodSync(own, 0o700)
    chmodSync(dirname(own), 0o770)
    expect(appsFolder(env)).toBe(null)
    chmodSync(dirname(own), 0o700)
    renameSync(own, `${own}-moved`)
    symlinkSync(`${own}-moved`, own)
    expect(appsFolder(env)).toBe(null)
  })

  it.skipIf(process.getuid?.() !== 0)('is not taken from another user', () => {
    const env = { XDG_CACHE_HOME: caches }
    const own = appsFolder(env) ?? ''
    chownSync(own, 12_345, 12_345)
    expect(appsFolder(env)).toBe(null)
  })
})
