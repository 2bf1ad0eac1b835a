// Checks that tables stay aligned whatever characters their cells hold.

import { describe, expect, it } from 'vitest'
import { columns, counted, padded, percent, shellWord, shortened } from '../../terminal/text-table.ts'

describe('columns', () => {
  it('aligns cells by the columns that a terminal gives their characters', () => {
    expect(
      columns([
        ['query', 'clicked'],
        ['dogs', 'yes'],
        ['狗狗', 'no'],
        ['개', 'no'],
        ['🐕🐕', 'no'],
        // One character of three code points.
        ['👩‍💻', 'no'],
        // Characters with combining accents.
        ['e\u0301te\u0301', 'no'],
      ]).split('\n'),
    ).toEqual([
      'query  clicked',
      'dogs   yes',
      '狗狗   no',
      '개     no',
      '🐕🐕   no',
      '👩‍💻     no',
      'e\u0301te\u0301    no',
    ])
  })

  it('leaves no blanks at the end of a line', () => {
    expect(columns([['a', ''], ['long']])).toBe('a\nlong')
  })
})

it('pads a text to a width in columns, and leaves a wider one as it is', () => {
  expect(padded('狗', 4)).toBe('狗  ')
  expect(padded('狗狗狗', 4)).toBe('狗狗狗')
})

it.each([
  ['dogs', 4, 'dogs'],
  ['dogs', 3, 'do…'],
  ['狗狗狗', 6, '狗狗狗'],
  ['狗狗狗', 5, '狗狗…'],
  ['狗狗狗', 4, '狗…'],
  ['👩‍💻👩‍💻', 3, '👩‍💻…'],
])('shortens %s to %d columns between characters', (text, width, short) => {
  expect(shortened(text, width)).toBe(short)
})

it('counts with the singular for one', () => {
  expect([counted(1, 'search', 'searches'), counted(2, 'search', 'searches'), counted(0, 'row')]).toEqual([
    '1 search',
    '2 searches',
    '0 rows',
  ])
})

it('shows a share without a denominator as none', () => {
  expect([percent(null), percent(0.5)]).toEqual(['none', '50.0 %'])
})

it.each([
  ['events.ndjson', 'events.ndjson'],
  ['C:\\logs\\überall.ndjson', 'C:\\logs\\überall.ndjson'],
  ['my log', '"my log"'],
  ["Ann's", `"Ann's"`],
  ['a"b$c', '"a\\"b\\$c"'],
  ['', '""'],
])('a command takes the text %j as the word %s', (text, word) => {
  expect(shellWord(text)).toBe(word)
})
