// Orders test files so that the slowest start first and none of them runs alone at the end.

import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The folders with the slowest tests, slowest first. The others follow in Vitest's order. */
const SLOW_FOLDERS = ['conformance', 'integration', 'sim', 'cli', 'bench', 'infra']

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
