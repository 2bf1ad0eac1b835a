// Tests what every SessionStore must do.

import { beforeEach, describe } from 'vitest'
import type { SessionStore } from '../../../functions/ports.ts'
import { closedSessionContract } from './closed-session-contract.ts'
import { neighbourContract } from './neighbour-contract.ts'
import { stateContract } from './state-contract.ts'

/** @param makeStore creates an empty store. */
export function sessionStoreContract(name: string, makeStore: () => Promise<SessionStore>): void {
  describe(`a session store ${name}`, () => {
    let store: SessionStore
    beforeEach(async () => {
      store = await makeStore()
    })
    describe('for states', () => stateContract(() => store))
    describe('for closed sessions', () => closedSessionContract(() => store))
    describe('for a range of time', () => neighbourContract(() => store))
  })
}
