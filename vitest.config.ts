import { defineConfig } from 'vitest/config'
import { SlowestFirst } from './test/support/slowest-first.ts'

/** Tests that start no process, no emulator and no synthesis: they answer within seconds. */
const UNIT = [
  'test/*.test.ts',
  'test/{compare,domain,samples,terminal,language,tools}/**/*.test.ts',
  // These take nearly as long as all others together.
  'test/steps/!(abuse*|many-sessions|packed|reused-ids).test.ts',
  'test/docs/{rules,glossary,settings,decisions}.test.ts',
  'test/infra/settings.test.ts',
]
/** Tests that start local runs. */
const LOCAL_RUN = ['test/integration/**/*.test.ts', 'test/cli/readers.test.ts', 'test/cli/commands/local.test.ts']
/** Tests that are heavy and seldom break: long simulations, kills, the pages, the starter's own. */
const LONG = ['test/**/*.long.test.ts', 'starter/test/*.test.ts']

/** They count how often V8 runs a block of code, for which no other test may have run it before. */
const COUNTED = ['test/cost/**/*.test.ts']

/** They need an AWS emulator, which `npm run test:conformance` starts. */
const CONFORMANCE = ['test/conformance/**']

const shared = {
  // Emulators and bundling take seconds on a small machine.
  testTimeout: 600_000,
  hookTimeout: 120_000,
  env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
}

/** The starter app imports the package by its name. */
const PACKAGE = [
  { find: 'search-session-ctr/construct', replacement: `${import.meta.dirname}/infra/search-ctr.ts` },
  { find: 'search-session-ctr/event', replacement: `${import.meta.dirname}/producer/event.ts` },
  { find: 'search-session-ctr/producer', replacement: `${import.meta.dirname}/producer/producer.ts` },
]

export default defineConfig({
  test: {
    // Tests of local runs wait for most of their time, so two cores serve four workers.
    maxWorkers: 4,
    sequence: { sequencer: SlowestFirst },
    projects: [
      // Files of one worker share their modules, since importing them takes longer than most tests.
      { test: { ...shared, name: 'unit', include: UNIT, exclude: LONG, isolate: false } },
      // They share the app that each set of settings is synthesized into.
      { test: { ...shared, name: 'local-run', include: LOCAL_RUN, exclude: LONG, isolate: false } },
      {
        resolve: { alias: PACKAGE },
        test: {
          ...shared,
          name: 'integration',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [...UNIT, ...LOCAL_RUN, ...COUNTED, ...LONG, ...CONFORMANCE],
        },
      },
      { test: { ...shared, name: 'counted', include: COUNTED, exclude: LONG } },
      { resolve: { alias: PACKAGE }, test: { ...shared, name: 'long', include: LONG } },
    ],
  },
})
