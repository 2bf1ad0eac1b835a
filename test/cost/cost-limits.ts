// States what ingest may cost for a record of a size, and compares random records with that.

import fc from 'fast-check'
import { OPEN_SESSIONS_MAX, STATE_BYTES_MAX } from '../../functions/domain/sessions/state-size.ts'
import { type Cost, type Measured, measure, type RecordSize } from './ingest-meter.ts'
import { type CostCase, costCase } from './random-records.ts'

type Unit = keyof Cost
const UNITS = ['steps', 'requests', 'bytes'] as const satisfies readonly Unit[]

/**
 * The most that a record may cost for each of its users, events and bytes. The share of a user is
 * to read and write a state and closed sessions once, which are bounded. An event of its own
 * session may write the state anew.
 */
const LIMITS: Readonly<Record<Unit, RecordSize>> = {
  steps: { users: 150_000, events: 2000, bytes: 8 },
  requests: { users: 2 * OPEN_SESSIONS_MAX, events: 5, bytes: 0 },
  bytes: { users: 2 * STATE_BYTES_MAX, events: 2 * STATE_BYTES_MAX, bytes: 3 },
}
/** Every record costs as much as one user and one event. */
const FIXED: RecordSize = { users: 1, events: 1, bytes: 0 }

export interface Worst {
  readonly share: number
  readonly measured: Measured
  readonly drawn: CostCase
}

/** Returns the case that comes closest to the limit of each unit. */
export async function worstCases(seed: number, cases: number): Promise<Record<Unit, Worst>> {
  const worst: Partial<Record<Unit, Worst>> = {}
  for (const drawn of fc.sample(costCase, { seed, numRuns: cases })) {
    const measured = await measure(drawn)
    for (const unit of UNITS) {
      const share = shareOf(measured, unit)
      if (share > (worst[unit]?.share ?? -1)) worst[unit] = { share, measured, drawn }
    }
  }
  return worst as Record<Unit, Worst>
}

/** Returns the share of the limit that a record took, 1 for all of it. */
export function shareOf({ size, ...cost }: Measured, unit: Unit): number {
  const { users, events, bytes } = LIMITS[unit]
  const limit = users * (size.users + FIXED.users) + events * (size.events + FIXED.events) + bytes * size.bytes
  return cost[unit] / limit
}

export function shares(worst: Record<Unit, Worst>): readonly number[] {
  return UNITS.map((unit) => worst[unit].share)
}

export function worstText(worst: Record<Unit, Worst>): string {
  return UNITS.map((unit) => {
    const { share, measured, drawn } = worst[unit]
    return `${unit}: ${(share * 100).toFixed(1)} % of the limit, ${JSON.stringify(measured)} for ${JSON.stringify(drawn)}`
  }).join('\n')
}
