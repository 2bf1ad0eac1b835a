// A local run that is killed again and again and started again on the same data comes to the known results.

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
/** The emulators write hundreds of times in a run. */
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

/** Killed as soon as so many changes of files in the data folder were seen; true unless it was done before. */
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

// The endpoints that these name outlive a kill by themselves, and would keep what earlier tests left.
const isShared = Boolean(process.env.DYNAMODB_ENDPOINT || process.env.KINESIS_ENDPOINT || process.env.S3_ENDPOINT)

describe.skipIf(logPath === null || isShared)(
  `the study log, its run killed ${KILLS} times (moments by seed ${SEED})`,
  () => {
    it('gives the known summary in the end', async () => {
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
  },
)
