// Counts findings by folder and kind, as a table.

import type { Finding, FindingKind } from './finding.ts'

const KINDS: readonly FindingKind[] = ['opening', 'header', 'test-name', 'sentence', 'line', 'retired']
const FOLDER_WIDTH = 32
const NUMBER_WIDTH = 10

/** The last line has the totals. */
export function countText(findings: readonly Finding[]): string {
  const folders = [...new Set(findings.map(({ path }) => folderOf(path)))].sort()
  return [
    row('folder', [...KINDS, 'all']),
    ...folders.map((folder) =>
      counts(
        folder,
        findings.filter(({ path }) => folderOf(path) === folder),
      ),
    ),
    counts('all', findings),
  ].join('\n')
}

function counts(name: string, findings: readonly Finding[]): string {
  return row(name, [
    ...KINDS.map((kind) => findings.filter((finding) => finding.kind === kind).length),
    findings.length,
  ])
}

function row(name: string, cells: readonly (string | number)[]): string {
  return name.padEnd(FOLDER_WIDTH) + cells.map((cell) => String(cell).padStart(NUMBER_WIDTH)).join('')
}

/** Two levels of folders are enough to see whose part of the tree it is. */
function folderOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/') || '.'
}
