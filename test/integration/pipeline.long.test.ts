// A long generated log through the deployed functions has the sessions of the batch oracle (S1).

import { it } from 'vitest'
import { expectOracleSessions } from './oracle-comparison.ts'

it('gives a long generated log on several shards the sessions of the batch oracle', () => expectOracleSessions(120, 3))
