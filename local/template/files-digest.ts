// Digests the files of folders, so that a change of any of them shows.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Returns a digest, in hexadecimal, of files and texts. A path that does not exist counts as an
 * empty folder.
 *
 * @param paths files and folders below the root. A file has the same digest below another root.
 */
export function filesDigest(root: string, paths: readonly string[], texts: readonly string[] = []): string {
  const digest = createHash('sha256').update(JSON.stringify(texts))
  for (const file of paths.flatMap((path) => filesIn(join(root, path)))) {
    const contents = readFileSync(file)
    digest.update(`${relative(root, file)}\0${contents.length}\0`).update(contents)
  }
  return digest.digest('hex')
}

function filesIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return [path]
    if (code === 'ENOENT') return []
    throw error
  }
}
