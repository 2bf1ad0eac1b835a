// Configures the tests that `npm run test:conformance` runs on an AWS emulator.

import { defineConfig } from 'vitest/config'
import { SlowestFirst } from '../support/slowest-first.ts'
import { EMULATOR, EMULATOR_ENDPOINT, ENDPOINT_VARIABLES } from './emulator-environment.ts'
import { NO_CHANGE_BY_STATEMENT, NO_CONDITION_OF_STATEMENT, TOO_SLOW_AS_DYNAMODB } from './unsupported.ts'

/** The contracts that every store fulfils. */
const STORE_CONTRACTS = [
  'test/aws/results-table/{result,rollup}-store.test.ts',
  'test/aws/sessions-table/{session,timer}-store.test.ts',
  'test/aws/sessions-table/long-session.test.ts',
  'test/aws/stream/shard-progress.test.ts',
]

/** The logs of these are small enough for moto as DynamoDB. */
const SMALL_LOGS = 'test/integration/{least-privilege,pipeline,strays}.test.ts'
const INTEGRATION = TOO_SLOW_AS_DYNAMODB.includes(EMULATOR) ? SMALL_LOGS : 'test/integration/*.test.ts'

export default defineConfig({
  test: {
    include: [...STORE_CONTRACTS, INTEGRATION, 'test/conformance/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    // One worker waits for the schedules of the deployed template most of its time.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    // Files of one worker share their modules, and the app that a run synthesizes.
    isolate: false,
    testTimeout: 1_200_000,
    hookTimeout: 300_000,
    env: {
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...([...NO_CHANGE_BY_STATEMENT, ...NO_CONDITION_OF_STATEMENT].includes(EMULATOR) && { SINGLE_WRITES: 'true' }),
      ...Object.fromEntries(ENDPOINT_VARIABLES.map((variable) => [variable, EMULATOR_ENDPOINT])),
    },
  },
})
