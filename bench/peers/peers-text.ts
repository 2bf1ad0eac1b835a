// Prints the comparison with the peers: those left out, and tables of speed and agreement.

import { isDeepStrictEqual } from 'node:util'
import { columns, percent } from '../../terminal/text-table.ts'
import type { PeerLog, PeerRun, PeersReport } from './peers.ts'

export function peersText({ oneCore, skipped, notes, logs }: PeersReport): string {
  const cores = oneCore ? 'Each runs on one core.' : 'Each runs on all cores, because taskset is missing.'
  const above = [...skipped, `${cores} Seconds and CPU leave out what a log of one event takes.`, ...notes]
  return [...above, '', ...logs.flatMap((log) => [logText(log), ''])].join('\n').trimEnd()
}

function logText({ name, events, runs }: PeerLog): string {
  const speeds = [
    ['', 'events/s', 'seconds', 'CPU s', 'peak MB', 'to start: CPU s', 'MB'],
    ...runs.map((run) => [
      run.name,
      String(run.eventsPerSecond),
      run.seconds.toFixed(1),
      run.cpuSeconds?.toFixed(1) ?? '',
      String(run.peakMegabytes ?? ''),
      run.start.cpuSeconds?.toFixed(1) ?? '',
      String(run.start.peakMegabytes ?? ''),
    ]),
  ]
  const counts = [
    ['', 'sessions', 'with a search', 'searches', 'with a click', 'CTR', 'clicks', 'same sessions', 'same searches'],
    ...runs.map(({ name, counts, agreement }) => [
      name,
      ...[counts.sessions, counts.sessionsWithSearch, counts.searches, counts.searchesWithClick].map(String),
      percent(counts.ctr),
      ...[counts.clicks, agreement.sameSessions, agreement.sameSearches].map(String),
    ]),
  ]
  const differing = runs.flatMap((run, index) => differenceRows(run, runs.slice(0, index)))
  return [
    `The ${name} log, ${events} events`,
    columns(speeds),
    '',
    columns(counts),
    ...(differing.length === 0 ? [] : ['', columns([['', '', 'ours', 'theirs', 'why'], ...differing])]),
  ].join('\n')
}

/** Refers to an earlier peer that differs from ours in the same way. */
function differenceRows({ name, agreement, byTheirRules }: PeerRun, before: readonly PeerRun[]): string[][] {
  const alike = before.find((run) => isDeepStrictEqual(run.agreement, agreement))
  if (alike !== undefined && byTheirRules !== null) return [[name, '', '', '', `as ${alike.name}`]]
  const rows = agreement.differences.map(({ of, why, ours, theirs }) => [name, of, String(ours), String(theirs), why])
  if (byTheirRules === null) return rows
  const { sessions, searches, agreement: theirs } = byTheirRules
  const same = `${theirs.sameSessions} of ${sessions} sessions and ${theirs.sameSearches} of ${searches} searches`
  return [...rows, [name, 'by their rules', '', '', `${same} are the same`]]
}
