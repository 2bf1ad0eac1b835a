// Invokes the real finalize on a batch of changes of closed sessions.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { finalize } from '../functions/finalize/finalize.ts'
import type { ClosedChange } from '../functions/ports.ts'
import { deletingRows } from './controls.ts'
import { faultyDirtyHours, faultySessions } from './faulty-stores.ts'
import { functionRows } from './function-stores.ts'
import type { Reply } from './poller.ts'
import type { Wiring } from './wiring.ts'
import { invoke, type Outcome } from './world.ts'
import { takenForLatest } from './write-batch-controls.ts'

export function deliverChanges(batch: readonly ClosedChange[], wiring: Wiring): Promise<Outcome<Reply>> {
  const { world, stores, control } = wiring
  const settings = { ...wiring.rowRules, resultRetentionMs: wiring.rules.resultRetentionMs }
  return invoke(world, async (invocation) => {
    const results = functionRows(wiring, invocation)
    const ports = {
      sessions: faultySessions(stores, invocation),
      results: control === 'row-delete' ? deletingRows(results, stores.results) : results,
      dirtyHours: faultyDirtyHours(stores, invocation),
      digest: sha256,
      hasTime: invocation.hasTime,
    }
    const nowMs = world.time.nowMs()
    if (control === 'item-twice') {
      const one = (change: ClosedChange) => finalize([change], takenForLatest(change, ports), settings, nowMs)
      const reports = await Promise.all(batch.map(one))
      return reports.find(({ failed }) => failed !== null)?.failed?.sequenceNumber ?? null
    }
    const report = await finalize(batch, ports, settings, nowMs)
    return report.failed?.sequenceNumber ?? null
  })
}
