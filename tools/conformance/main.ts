// `npm run test:conformance [-- ministack|moto]` runs the conformance tests on each AWS emulator.
// With `--where-possible` it skips them on a machine where the emulators cannot be installed.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../terminal/user-error.ts'
import { AWS_EMULATORS, type EmulatorName, startAwsEmulator } from './aws-emulator.ts'
import { NotInstallableError, pythonPrograms } from './python-environment.ts'

const CONFIG = fileURLToPath(new URL('../../test/conformance/vitest.config.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const WHERE_POSSIBLE = '--where-possible'

const options = process.argv.slice(2)
const [chosen, ...others] = options.filter((option) => option !== WHERE_POSSIBLE)
const emulators = AWS_EMULATORS.filter((name) => name === chosen)

try {
  pythonPrograms()
  if (emulators.length > 0) await testOn(emulators, others)
  else await testOn(AWS_EMULATORS, chosen === undefined ? [] : [chosen, ...others])
} catch (error) {
  if (!(error instanceof UserError)) throw error
  const isSkipped = error instanceof NotInstallableError && options.includes(WHERE_POSSIBLE)
  console.error(`The conformance tests ${isSkipped ? 'are skipped' : 'cannot run'}: ${error.message}`)
  process.exitCode = isSkipped ? 0 : 1
}

async function testOn(names: readonly EmulatorName[], vitestOptions: readonly string[]): Promise<void> {
  for (const name of names) {
    const emulator = await startAwsEmulator(name)
    try {
      console.log(`\n${name} at ${emulator.endpoint}`)
      const vitest = [VITEST, 'run', '--root', ROOT, '--config', CONFIG, ...vitestOptions]
      const env = { ...process.env, CONFORMANCE_EMULATOR: name, CONFORMANCE_ENDPOINT: emulator.endpoint }
      const { status } = spawnSync(process.execPath, vitest, { env, stdio: 'inherit' })
      if (status !== 0) process.exitCode = 1
    } finally {
      await emulator.stop()
    }
  }
}
