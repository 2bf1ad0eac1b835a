// `npm run test:conformance [-- ministack|moto]` runs the conformance tests on each AWS emulator.

import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AWS_EMULATORS, type EmulatorName, startAwsEmulator } from './aws-emulator.ts'

const CONFIG = fileURLToPath(new URL('../../test/conformance/vitest.config.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

const [chosen, ...vitestArguments] = process.argv.slice(2)
const isEmulator = (name: string | undefined): name is EmulatorName =>
  AWS_EMULATORS.some((emulator) => emulator === name)
const emulators = isEmulator(chosen) ? [chosen] : AWS_EMULATORS
const passedOn = isEmulator(chosen) ? vitestArguments : process.argv.slice(2)

let exitCode = 0
for (const name of emulators) {
  const emulator = await startAwsEmulator(name)
  try {
    console.log(`\n${name} at ${emulator.endpoint}`)
    const { status } = spawnSync(process.execPath, [VITEST, 'run', '--root', ROOT, '--config', CONFIG, ...passedOn], {
      env: { ...process.env, CONFORMANCE_EMULATOR: name, CONFORMANCE_ENDPOINT: emulator.endpoint },
      stdio: 'inherit',
    })
    exitCode ||= status ?? 1
  } finally {
    await emulator.stop()
  }
}
process.exitCode = exitCode
