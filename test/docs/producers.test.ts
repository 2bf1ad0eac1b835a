// docs/producers.md shows the files of examples/producers, whole and as they are; and the documents there are what it says.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { convertDocument } from '../../functions/domain/events/formats/sent-events.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/producers.md')

/** A link to the file, and the block below it. */
const SHOWN = /\[(examples\/producers\/[^\]]+)\]\([^)]+\)\n\n```\w+\n([\s\S]*?)```\n/g
const shown = [...page.matchAll(SHOWN)].map(([, path = '', code = '']) => ({ path, code }))

describe('the page', () => {
  it.each(shown)('shows $path as it is', ({ path, code }) => {
    expect(code).toBe(read(path))
  })

  it('shows every example but the documents, which it plays', () => {
    const files = readdirSync(new URL('../../examples/producers', import.meta.url), {
      recursive: true,
      encoding: 'utf8',
    })
    const examples = files.filter((file) => /\.\w+$/.test(file) && file !== 'ubi.ndjson')
    expect(shown.map(({ path }) => path).sort()).toEqual(examples.map((file) => `examples/producers/${file}`).sort())
  })
})

it('the UBI documents are a search with results and a click, one without, and what is ignored', () => {
  const types = read('examples/producers/ubi.ndjson')
    .trim()
    .split('\n')
    .map((line) => {
      const sent = convertDocument(JSON.parse(line), 'ubi', sha256)
      return sent.ok ? sent.events.map((event) => (event as { type: string }).type) : sent.reason
    })
  expect(types).toEqual([[], ['Search', 'Results'], [], [], [], ['ClickResult'], [], ['Search', 'Results']])
})
