// Lists this process and its children, and reads what Linux shows of them in /proc.

import { readdirSync, readFileSync } from 'node:fs'

/** Returns the numbers of this process and of all that it has started. */
export function processTree(): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const)
  const tree = [process.pid]
  for (const parent of tree) tree.push(...parents.flatMap(([pid, of]) => (of === parent ? [pid] : [])))
  return tree
}

/** The name of the program comes in parentheses before the parent, and may hold any character. */
function parentOf(pid: string): number {
  const stat = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? ''
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** Processes end and files close while this process reads them. */
export function unlessGone<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
