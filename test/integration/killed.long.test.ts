// Checks that a run that is killed and restarted on the same data reaches the known results.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { afterAll, describe, expect, it } from 'vitest'
import { SEED } from '../support/random-log.ts'
import { sharedPath } from '../support/shared.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const KILLS = 10
/** Less than the emulators' hundreds of writes in a run, so that most kills come before its end. */
const WRITES_MAX = 150

const logPath = sharedPath('data/lisp/events.ndjson')
const expectedPath = sharedPath('data/lisp/expected.json')
const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-killed-'))
const [data, out] = [join(folder, 'data'), join(folder, 'out')]
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

function start(): ChildProcess {
  const args = ['--import', 'tsx', 'cli/main.ts', 'local', '--events', logPath ?? '', '--data', data, '--out', out]
  return spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' })
}

/** Kills a run after so many file changes in the data folder. Returns false if it ended before. */
async function killedAfter(changes: number): Promise<boolean> {
  let seen = 0
  const child = start()
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  const watcher = watch(data, () => {
    seen++
    if (seen >= changes) child.kill('SIGKILL')
  })
  const signal = await ended
  watcher.close()
  return signal === 'SIGKILL'
}

// Shared endpoints survive a kill in any case, and hold the data of earlier tests.
const isShared = Boolean(process.env.DYNAMODB_ENDPOINT || process.env.KINESIS_ENDPOINT || process.env.S3_ENDPOINT)

describe.skipIf(logPath === null || isShared)(`the study log under ${KILLS} kills (moments by seed ${SEED})`, () => {
  it('gives the known summary after the last of the kills', async () => {
    mkdirSync(data)
    const generator = xoroshiro128plus(SEED)
    let kills = 0
    for (let n = 0; n < KILLS; n++) {
      if (await killedAfter(uniformInt(generator, 1, WRITES_MAX))) kills++
    }
    expect(kills).toBeGreaterThan(KILLS / 2)
    const ended = new Promise((resolve) => start().once('exit', resolve))
    expect(await ended).toBe(0)
    const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))
    expect(summary).toMatchObject(JSON.parse(readFileSync(expectedPath ?? '', 'utf8')))
  })
})
