// Makes folders for what a run writes.

import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Node's recursive `mkdir` never ends where a parent takes no folders, such as /proc. */
export async function makeWithParents(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null)
  if (found?.isDirectory()) return
  if (folder !== dirname(folder)) await makeWithParents(dirname(folder))
  await mkdir(folder)
}
