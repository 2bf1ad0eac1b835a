// Orders test files so that the slowest start first, lest one of them runs alone at the end.

import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Folders whose files take longest, slowest first. All others follow in Vitest's own order. */
const SLOW_FOLDERS = ['integration', 'sim', 'cli', 'bench', 'infra']

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => rank(a.moduleId) - rank(b.moduleId))
  }
}

function rank(path: string): number {
  const found = SLOW_FOLDERS.findIndex((folder) => path.includes(`/test/${folder}/`))
  return found < 0 ? SLOW_FOLDERS.length : found
}
