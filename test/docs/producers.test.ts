// docs/producers.md shows the files of examples/producers unchanged and describes its documents.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { convertDocument } from '../../functions/domain/events/formats/sent-events.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/producers.md')

/** Matches a link to the file and the block below it. */
const SHOWN = /\[(examples\/producers\/[^\]]+)\]\([^)]+\)\n\n```\w+\n([\s\S]*?)```\n/g
const shown = [...page.matchAll(SHOWN)].map(([, path = '', code = '']) => ({ path, code }))

describe('the page', () => {
  it.each(shown)('shows $path unchanged', ({ path, code }) => {
    expect(code).toBe(read(path))
  })

  it('shows every example except the documents, which it sends', () => {
    const files = readdirSync(new URL('../../examples/producers', import.meta.url), {
      recursive: true,
      encoding: 'utf8',
    })
    const examples = files.filter((file) => /\.\w+$/.test(file) && file !== 'ubi.ndjson')
    expect(shown.map(({ path }) => path).sort()).toEqual(examples.map((file) => `examples/producers/${file}`).sort())
  })
})

it('converts the UBI documents to two searches with results and one click, and ignores the rest', () => {
  const types = read('examples/producers/ubi.ndjson')
    .trim()
    .split('\n')
    .map((line) => {
      const sent = convertDocument(JSON.parse(line), 'ubi', sha256)
      return sent.ok ? sent.events.map((event) => (event as { type: string }).type) : sent.reason
    })
  expect(types).toEqual([[], ['Search', 'Results'], [], [], [], ['ClickResult'], [], ['Search', 'Results']])
})
