// Points each test file at the AWS emulator, and skips the tests for which it is too slow.

import { beforeEach } from 'vitest'
import { EMULATOR, EMULATOR_ENDPOINT, ENDPOINT_VARIABLES } from './emulator-environment.ts'
import { TOO_SLOW } from './unsupported.ts'

for (const variable of ENDPOINT_VARIABLES) process.env[variable] = EMULATOR_ENDPOINT

beforeEach(({ task, skip }) => {
  const listed = TOO_SLOW.find(
    ({ emulator, file, test }) => emulator === EMULATOR && task.name === test && task.file.filepath.endsWith(file),
  )
  if (listed !== undefined) skip(`${listed.emulator}: ${listed.reason}`)
})
