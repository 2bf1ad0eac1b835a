// Checks that a run that is killed and restarted on the same data reaches the known results.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SEED } from '../support/random-log.ts'
import { sharedPath } from '../support/shared.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const KILLS = 10
/** Less than the emulators' hundreds of writes in a run, so that most kills come before its end. */
const WRITES_MAX = 150

const logPath = sharedPath('data/lisp/events.ndjson')
const expectedPath = sharedPath('data/lisp/expected.json')
let folder: string
let data: string
let out: string
let apps: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-killed-'))
  data = join(folder, 'data')
  out = join(folder, 'out')
  mkdirSync(data)
  apps = join(folder, 'search-session-ctr', 'apps')
  mkdirSync(apps, { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

function start(): ChildProcess {
  const args = ['--import', 'tsx', 'cli/main.ts', 'local', '--events', logPath ?? '', '--data', data, '--out', out]
  // The cache is empty when a test begins.
  const env = { ...process.env, XDG_CACHE_HOME: folder }
  return spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore', env })
}

/**
 * Kills a run at the change in the data folder after which `isTime` returns true. Returns false if
 * the run ended before.
 */
async function killedWhen(isTime: () => boolean): Promise<boolean> {
  const child = start()
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  const watcher = watch(data, () => {
    if (isTime()) child.kill('SIGKILL')
  })
  const signal = await ended
  watcher.close()
  return signal === 'SIGKILL'
}

/** Returns after the change in the cache that makes it true. */
function untilChange(isTrue: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(apps, check)
    function check(): void {
      if (!isTrue()) return
      watcher.close()
      resolve()
    }
    check()
  })
}

/** Returns the folders of the cache that hold a whole synthesized app. */
function storedApps(): string[] {
  return readdirSync(apps).filter((name) => /^[0-9a-f]{32}$/.test(name))
}

async function expectKnownSummary(): Promise<void> {
  expect(await new Promise((resolve) => start().once('exit', resolve))).toBe(0)
  const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))
  expect(summary).toMatchObject(JSON.parse(readFileSync(expectedPath ?? '', 'utf8')))
}

/** Returns how many lines of the log the stream holds, by the stored position. */
function linesSent(): number {
  try {
    const positions = JSON.parse(readFileSync(join(data, 'positions.json'), 'utf8'))
    return positions[logPath ?? '']?.lines ?? 0
  } catch {
    return 0
  }
}

// Shared endpoints survive a kill in any case, and hold the data of earlier tests.
const isShared = Boolean(process.env.DYNAMODB_ENDPOINT || process.env.KINESIS_ENDPOINT || process.env.S3_ENDPOINT)

describe.skipIf(logPath === null || isShared)(`the study log under ${KILLS} kills (moments by seed ${SEED})`, () => {
  it('gives the known summary after the last of the kills', async () => {
    const generator = xoroshiro128plus(SEED)
    let kills = 0
    for (let n = 0; n < KILLS; n++) {
      let changesLeft = uniformInt(generator, 1, WRITES_MAX)
      if (await killedWhen(() => --changesLeft <= 0)) kills++
    }
    expect(kills).toBeGreaterThan(KILLS / 2)
    await expectKnownSummary()
  })

  it('goes further in the log with each run that is killed after its first request', async () => {
    let sent = 0
    for (let n = 0; n < KILLS; n++) {
      expect(await killedWhen(() => linesSent() > sent)).toBe(true)
      expect(linesSent()).toBeGreaterThan(sent)
      sent = linesSent()
    }
    await expectKnownSummary()
  })

  it('finishes the synthesis of a run that was killed meanwhile, and starts no other', async () => {
    expect(await killedWhen(() => existsSync(join(data, 'dynamodb.sqlite')))).toBe(true)
    await untilChange(() => storedApps().length > 0)
    const [app = ''] = storedApps()
    const storedMs = statSync(join(apps, app)).birthtimeMs
    for (let n = 0; n < 2; n++) expect(await killedWhen(() => linesSent() > n * 100)).toBe(true)
    expect(storedApps()).toEqual([app])
    expect(statSync(join(apps, app)).birthtimeMs).toBe(storedMs)
  })
})
