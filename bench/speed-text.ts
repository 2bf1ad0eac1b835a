// Speeds of ingest and of starts as a person reads them: measurements in, tables out.

import { columns } from '../terminal/text-table.ts'
import type { ColdStart } from './cold.ts'
import type { IngestSpeed } from './ingest.ts'

export function ingestText(speeds: readonly IngestSpeed[]): string {
  const rows = speeds.map((speed) => [
    String(speed.b),
    String(speed.records),
    String(speed.recordsPerSecond),
    String(speed.cpuMicrosPerRecord),
    String(speed.recordsPerCpuSecond),
    (speed.allocatedBytesPerRecord / 1000).toFixed(1),
  ])
  const names = [
    'b',
    'records',
    'records a second',
    'CPU µs a record',
    'records a second of CPU',
    'KB allocated a record',
  ]
  return columns([names, ...rows])
}

export function coldText(starts: readonly ColdStart[]): string {
  const bare = starts.find(({ bundle }) => bundle === 'bare')?.loadMs ?? Number.NaN
  const rows = starts.map(({ bundle, startBytes, allBytes, loadMs, firstRequestMs }) => [
    bundle === 'bare' ? 'SDK alone' : bundle,
    kilobytes(startBytes),
    kilobytes(allBytes),
    loadMs.toFixed(1),
    (loadMs / bare).toFixed(2),
    firstRequestMs?.toFixed(1) ?? '',
  ])
  return columns([
    ['bundle', 'KB at the start', 'KB in all', 'load, CPU ms', 'times the SDK', 'first request, CPU ms'],
    ...rows,
  ])
}

function kilobytes(bytes: number): string {
  return String(Math.round(bytes / 1000))
}
