// Checks that no control character of an event gets to the terminal.

import { Readable, Writable } from 'node:stream'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { describe, expect, it } from 'vitest'
import { deadLetterText, listCells } from '../../cli/commands/dead-letters.ts'
import { sessionText } from '../../cli/commands/sessions.ts'
import { rowText } from '../../cli/commands/tail.ts'
import { rowFilter } from '../../cli/reads/row-filter.ts'
import { userRows } from '../../cli/reads/user-rows.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { plain, printJson, printList } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, printable } from '../../terminal/text-table.ts'

const HOSTILE = '\u001b[2J\u009b31m\u007f\u0000a\r\nb\tc'

/** Characters that turn the direction of the text after them, and two that end a line. */
const TURNING = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029'

describe('a control character of an event', () => {
  it('a control character is escaped in JSON, which has the same value', () => {
    let printed = ''
    const stdout = new Writable({
      write: (chunk, _, done) => {
        printed += chunk
        done()
      },
    })
    const all = Array.from({ length: 0xd800 }, (_, code) => String.fromCharCode(code)).join('')
    const value = { [HOSTILE]: [TURNING, all, 'lämp 🐕 – ok'] }
    printJson({ stdout }, value)
    expect(JSON.parse(printed)).toEqual(value)
    expect(printed.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u)
    expect(printed).toContain('lämp 🐕 – ok')
  })

  it('a character that turns the direction of text is replaced in a table', () => {
    expect(printable(TURNING)).toBe(`${'\uFFFD'.repeat(12)}  `)
  })

  it('a control character is replaced, and a blank one becomes a space', () => {
    expect(printable(HOSTILE)).toBe('\uFFFD[2J\uFFFD31m\uFFFD\uFFFDa  b c')
    expect(printable('lämp 🐕 – ok')).toBe('lämp 🐕 – ok')
  })

  it('a cell of a table holds no control character, so a row is one line', () => {
    expect(columns([[HOSTILE, 'x'], ['y']]).split('\n')).toHaveLength(2)
    expect(columns([[HOSTILE]])).not.toMatch(/\p{Cc}/u)
  })

  it('tail, sessions and dead-letters print no control character', () => {
    const labels = { variant: HOSTILE }
    const row = { kind: 'search', time: '2026-03-02T09:00:00.000Z', user: HOSTILE, query: HOSTILE, clicked: 0, labels }
    expect(rowText({ ...row, result_count: 1 } as unknown as ResultRow)).not.toMatch(/\p{Cc}/u)
    const search = { event_id: HOSTILE, query: HOSTILE, labels }
    const event = { type: 'Search', time: '2026-03-02T09:00:00.000Z', ...search } as const
    const session = sessionText(
      {
        user: HOSTILE,
        session_id: HOSTILE,
        state: 'closed',
        start: event.time,
        end: event.time,
        close_reason: 'gap',
        continues_session_id: HOSTILE,
        searches: 1,
        searches_with_click: 0,
        events: [event],
      },
      plain,
    )
    expect(session.split('\n')).toHaveLength(3)
    expect(session.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    const deadLetter = {
      key: HOSTILE,
      reason: HOSTILE,
      detail: HOSTILE,
      arrival: null,
      shard: HOSTILE,
      sequence: HOSTILE,
    }
    const whole = { ...deadLetter, subSequence: 1, text: HOSTILE }
    expect(deadLetterText(whole, plain).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(columns([listCells(whole)])).not.toMatch(/\p{Cc}/u)
  })
})

it('results of a user sends no request for a day that ends before --since', async () => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(client)
  const filter = rowFilter({ day: '2026-03-02', since: Date.parse('2026-03-05T00:00:00Z') })
  for await (const row of userRows(client, 'results', 'ann', filter)) expect.unreachable(row.sk)
  expect(mocked.commandCalls(QueryCommand)).toEqual([])
})

describe('a column that few rows have', () => {
  const table = {
    heading: ['query'],
    cells: ({ query }: { query: string; labels?: string }) => [query],
    last: { heading: 'labels', cell: ({ labels = '' }: { query: string; labels?: string }) => labels },
  }

  async function printed(...rows: readonly { query: string; labels?: string }[]): Promise<string> {
    let text = ''
    const stdout = new Writable({
      write: (chunk, _, done) => {
        text += chunk
        done()
      },
    })
    const terminal = { stdout, stderr: stdout, env: {} } as unknown as Terminal
    await printList(terminal, Readable.from(rows), {}, table, 'nothing')
    return text
  }

  it('is printed where a row has it', async () => {
    expect(await printed({ query: 'dogs' }, { query: 'cats', labels: 'variant=A' })).toBe(
      'query  labels\ndogs\ncats   variant=A\n',
    )
  })

  it('is left out where no row has it', async () => {
    expect(await printed({ query: 'dogs' }, { query: 'cats' })).toBe('query\ndogs\ncats\n')
  })
})
