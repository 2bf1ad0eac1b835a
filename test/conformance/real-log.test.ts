// Checks that an AWS emulator as DynamoDB, as Kinesis, or as both gives
// the results of the default emulators.

import { beforeAll, describe, expect, it } from 'vitest'
import { FIRST_GENERATION } from '../../samples/tutorial-events.ts'
import { expected, expectRollups, lines, logPath } from '../integration/study-log.ts'
import { EMULATOR } from './emulator-environment.ts'
import { type RunResults, runWith, type Service } from './stored-results.ts'
import { TOO_SLOW_AS_DYNAMODB } from './unsupported.ts'

const COMBINATIONS: readonly (readonly Service[])[] = [['DynamoDB'], ['Kinesis'], ['DynamoDB', 'Kinesis']]
const CASES = COMBINATIONS.map((services): [string, readonly Service[]] => [services.join(' and '), services])
const CASES_FOR_LARGE_LOGS = CASES.filter(
  ([, services]) => !(TOO_SLOW_AS_DYNAMODB.includes(EMULATOR) && services.includes('DynamoDB')),
)
/** The study log takes the same paths, so the tutorial runs where that log does not. */
const CASES_FOR_THE_TUTORIAL = logPath === null ? CASES : CASES.filter((each) => !CASES_FOR_LARGE_LOGS.includes(each))
const TUTORIAL = FIRST_GENERATION.map((event) => JSON.stringify(event))

describe.skipIf(CASES_FOR_THE_TUTORIAL.length === 0)('the tutorial', () => {
  let byDefault: RunResults
  beforeAll(async () => {
    byDefault = await runWith([], TUTORIAL)
  })

  it.each(CASES_FOR_THE_TUTORIAL)(
    `gives the tutorial the results of the default emulators with ${EMULATOR} as %s`,
    async (_, services) => {
      expect(byDefault.stored.queries.length).toBeGreaterThan(0)
      expect((await runWith(services, TUTORIAL)).stored).toEqual(byDefault.stored)
    },
  )
})

describe.skipIf(logPath === null)('the study log', () => {
  let byDefault: RunResults
  beforeAll(async () => {
    byDefault = await runWith([], lines)
  })

  it.each(CASES_FOR_LARGE_LOGS)(`gives the study log its known results with ${EMULATOR} as %s`, async (_, services) => {
    const { summary, stored } = await runWith(services, lines)
    expect(summary).toMatchObject(expected)
    expectRollups(stored)
    expect(stored.queries.length).toBeGreaterThan(0)
    expect(stored).toEqual(byDefault.stored)
  })
})
