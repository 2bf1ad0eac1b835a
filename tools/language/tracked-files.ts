// Lists the files whose language is checked.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const CHECKED = /\.(ts|mjs|css|md)$/
/** The change log tells of the past in the words of the past. */
const UNCHECKED = /^CHANGELOG\.md$/

/**
 * Tracked files, and new ones that git does not ignore.
 *
 * @param paths files or folders from the root; all of them when empty.
 * @returns paths from the root, with slashes, in order.
 */
export function checkedFiles(root: string, paths: readonly string[]): string[] {
  const listing = execFileSync('git', ['ls-files', '-z', '-c', '-o', '--exclude-standard', '--', ...paths], {
    cwd: root,
    encoding: 'utf8',
  })
  const files = listing.split('\0').filter((path) => CHECKED.test(path) && !UNCHECKED.test(path))
  return [...new Set(files)].filter((path) => existsSync(join(root, path))).sort()
}
