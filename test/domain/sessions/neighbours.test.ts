// Tests which closed sessions are found around a range of time.

import { describe, expect, it } from 'vitest'
import { neighbours } from '../../../functions/domain/sessions/neighbours.ts'
import { type Session, sessionId } from '../../../functions/domain/sessions/session.ts'
import { at } from '../../support/events.ts'
import { opens, SHORT_RULES, sessionsOf } from './short-sessions.ts'

async function* each(sessions: readonly Session[]) {
  yield* sessions
}

describe('the neighbours of a range', () => {
  const chain = sessionsOf(opens(...Array.from({ length: 60 }, (_, n) => n)), { ...SHORT_RULES, maxSessionEvents: 2 })
  const separate = sessionsOf(opens(...Array.from({ length: 30 }, (_, n) => n * 20)))
  const around = (sessions: readonly Session[], fromMs: number, toMs: number, sessionsMax: number) =>
    neighbours(
      { fromMs, toMs, sessionsMax },
      each(sessions.filter((one) => one.events[0].timeMs <= toMs).reverse()),
      each(sessions.filter((one) => one.events[0].timeMs > toMs)),
    )

  it('include all of a chain of full sessions, even where the range itself may show few', async () => {
    expect(chain).toHaveLength(30)
    const found = await around(chain, at(1), at(2), 8)
    expect(found?.map(sessionId).sort()).toEqual(chain.map(sessionId).sort())
  })

  it('are null where the range itself shows more sessions than it may', async () => {
    expect(await around(separate, at(0), at(159), 8)).toHaveLength(9)
    expect(await around(separate, at(0), at(179), 8)).toBeNull()
  })
})
