// Checks that the decision records have numbers without holes, one form, and an index.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const FOLDER = fileURLToPath(new URL('../../docs/decisions/', import.meta.url))
const INDEX = 'README.md'
const NAMES = readdirSync(FOLDER)
  .filter((name) => name !== INDEX)
  .sort()

const read = (name: string): string => readFileSync(FOLDER + name, 'utf8')

function headingsOf(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('#'))
}

describe('the decision records', () => {
  it('are numbered from 001 without holes', () => {
    const numbers = NAMES.map((name) => name.slice(0, 4))
    expect(numbers).toEqual(NAMES.map((_, n) => `${String(n + 1).padStart(3, '0')}-`))
  })

  it.each(NAMES)('state a context, a decision and a consequence: %s', (name) => {
    const [title, ...headings] = headingsOf(read(name))
    expect(title).toMatch(new RegExp(`^# ${name.slice(0, 3)}\\. [A-Z]`))
    expect(headings).toEqual(['## Context', '## Decision', '## Consequence'])
  })

  it.each(NAMES)('keep each part to at most six sentences: %s', (name) => {
    for (const part of read(name).split(/^#.*$/m).slice(2)) {
      expect(part.trim()).not.toBe('')
      expect(part.split(/[.?!](?:\s|$)/).filter((sentence) => sentence.trim() !== '').length).toBeLessThanOrEqual(6)
    }
  })

  it('are all in the index, in order, by their titles', () => {
    const rows = read(INDEX)
      .split('\n')
      .filter((line) => line.startsWith('| ['))
    expect(rows).toEqual(
      NAMES.map((name) => {
        const [title = ''] = headingsOf(read(name))
        return `| [${name.slice(0, 3)}](${name}) | ${title.replace(/^# \d+\. /, '')} |`
      }),
    )
  })
})
