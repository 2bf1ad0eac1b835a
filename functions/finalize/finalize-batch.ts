// Finalizes the changes of a batch that can be read, and sets aside those whose items are damaged.

import type { Metrics } from '../contract.ts'
import {
  type ClosedChange,
  UnreadableItemError,
  type UnreadableItems,
  type UnreadChange,
  type UnreadChanges,
  unreadableItems,
} from '../ports.ts'
import { type FinalizePorts, type FinalizeSettings, finalize } from './finalize.ts'
import { type FinalizeReport, finalizeMetrics } from './finalize-report.ts'

export interface FinalizeBatchPorts extends FinalizePorts {
  readonly unread: UnreadChanges
}

export interface FinalizeBatchReport extends FinalizeReport {
  /** Changes that are stored as dead letters, because their items are damaged. */
  readonly unreadable: UnreadableItems | null
}

/**
 * Stores each change of a damaged item as a dead letter, so that the others need not wait for it.
 * Stops at a change that newer code wrote, and at one that cannot be stored: Lambda delivers those
 * again, with all changes after them.
 */
export async function finalizeBatch(
  changes: readonly (ClosedChange | UnreadChange)[],
  ports: FinalizeBatchPorts,
  settings: FinalizeSettings,
  nowMs: number,
): Promise<FinalizeBatchReport> {
  const readable: ClosedChange[] = []
  const causes: unknown[] = []
  let stopped: FinalizeReport['failed'] = null
  for (const change of changes) {
    if (!('cause' in change)) {
      readable.push(change)
      continue
    }
    stopped = await setAside(change, ports.unread)
    if (stopped !== null) break
    causes.push(change.cause)
  }
  const report = await finalize(readable, ports, settings, nowMs)
  return { ...report, unreadable: unreadableItems(causes), failed: report.failed ?? stopped }
}

async function setAside(change: UnreadChange, unread: UnreadChanges): Promise<FinalizeReport['failed']> {
  const { sequenceNumber, cause } = change
  if (!(cause instanceof UnreadableItemError)) return { sequenceNumber, cause }
  try {
    await unread.put(change)
    return null
  } catch (error) {
    return { sequenceNumber, cause: error }
  }
}

export function finalizeBatchMetrics(report: FinalizeBatchReport): Metrics {
  return {
    ...finalizeMetrics(report),
    FinalizeFailures: report.failed === null ? 0 : 1,
    Unreadable: report.unreadable?.count ?? 0,
  }
}
