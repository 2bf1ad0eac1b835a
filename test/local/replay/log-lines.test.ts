// Checks that a log of any form is read as its events, in bounded memory.

import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HIT_IDS } from '../../../functions/domain/events/formats/ubi.ts'
import { logLines, numberedLogLines } from '../../../local/replay/log-lines.ts'
import { SEED } from '../../support/random-log.ts'

async function* inChunks(text: string, bytes = 64 * 1024): AsyncGenerator<Buffer> {
  const whole = Buffer.from(text)
  for (let at = 0; at < whole.length; at += bytes) yield whole.subarray(at, at + bytes)
}

async function read(text: string, chunkBytes?: number): Promise<string[]> {
  const lines: string[] = []
  for await (const line of logLines(inChunks(text, chunkBytes))) lines.push(line.toString('utf8'))
  return lines
}

async function values(text: string, chunkBytes?: number): Promise<unknown[]> {
  return (await read(text, chunkBytes)).flatMap((line) => JSON.parse(line))
}

async function numbers(text: string): Promise<number[]> {
  const found: number[] = []
  for await (const { number } of numberedLogLines(inChunks(text))) found.push(number)
  return found
}

const EVENTS = [
  { type: 'Search', user: 'ann', query: 'a } "dog" ] \\' },
  { type: 'Results', user: 'ann', items: ['é', '{', '\n'] },
  { type: 'AppClose', user: 'ann' },
]
const [first, second, third] = EVENTS.map((event) => JSON.stringify(event))

describe('the form of a log', () => {
  it.each([
    ['one object a line', `${first}\n${second}\r\n\n${third}`],
    ['objects without line breaks', `${first}${second}${third}`],
    ['objects over several lines', EVENTS.map((event) => JSON.stringify(event, null, 2)).join('\n')],
    ['objects with commas between them', `${first},\n${second},\n${third},\n`],
    ['an array in one line', JSON.stringify(EVENTS)],
    ['an array over many lines', JSON.stringify(EVENTS, null, 2)],
    ['an array with an object a line', `[\n${first},\n${second},\n${third}\n]\n`],
    ['arrays without line breaks', `[${first},${second}][${third}]`],
    ['a JSON text sequence', `\x1e${first}\n\x1e${second}\n\x1e${third}\n`],
  ])('is recognized, wherever the chunks begin and end: %s', async (_, text) => {
    for (const bytes of [1, 2, 3, 7, 64 * 1024]) expect(await values(text, bytes)).toEqual(EVENTS)
  })

  it('is that of lines where only the first line is damaged', async () => {
    expect(await read(`{"type":"Sea\n${first}\n${second}`)).toEqual(['{"type":"Sea', first, second])
    expect(await read(`rch","user":"ann"}\n${first}\n`)).toEqual(['rch","user":"ann"}', first])
  })

  it('is neither JSON nor CSV in a text, which is refused in one sentence', async () => {
    await expect(read('GET /search?q=dogs\nGET /click?item=rex\n')).rejects.toThrow(
      "the log is neither JSON nor CSV: it begins with 'GET /search?q=dogs', expected one JSON object a line or CSV with a header",
    )
  })

  it('is no JSON where every object has another notation, which is refused too', async () => {
    for (const text of ["{'type': 'Search'}\n{'type': 'AppOpen'}\n", '{type: 1}{type: 2}\n{type: 3}\n'])
      await expect(read(text)).rejects.toThrow('the log is neither JSON nor CSV: it begins with')
    expect(await read(`{'type': 'Search'}\n{'user': 'ann'}\n${first}`, 1)).toHaveLength(3)
  })

  it('prints no control characters where the log is binary', async () => {
    await expect(read('\x01\x1b[31mred\x07')).rejects.toThrow("begins with ' [31mred ', expected")
  })

  it('gives the line in which each value begins', async () => {
    expect(await numbers(`\n${first}\n\n${second}${third}\n`)).toEqual([2, 4])
    expect(await numbers(EVENTS.map((event) => JSON.stringify(event, null, 1)).join('\n'))).toEqual([1, 6, 15])
  })

  it('does not change with the chunks of any values', async () => {
    const form = fc.constantFrom('', '\n', ',\n', ' , ')
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(objects, form, fc.integer({ min: 1, max: 9 }), async (sent, between, bytes) => {
        const text = sent.map((value) => JSON.stringify(value)).join(between)
        expect((await read(text, bytes)).map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(sent)))
      }),
      { seed: SEED },
    )
  })
})

describe('an array', () => {
  it('with the events of a batch is one line, so that they keep their order', async () => {
    expect(await read(JSON.stringify(EVENTS, null, 2))).toHaveLength(1)
  })

  it.each(['[%]', '[\n%\n]', '[\n%\n'])('with more than 500 events has a line for each: %s', async (form) => {
    const text = form.replace(
      '%',
      Array<string>(501)
        .fill(third as string)
        .join(',\n'),
    )
    expect(await read(text)).toEqual(Array(501).fill(third))
  })

  it('with a damaged element has a line for each, so that only that one is rejected', async () => {
    expect(await read(`[\n${first},\n{"type":tru},\n${third}\n]`)).toEqual([first, '{"type":tru}', third])
    expect(await read(`[\n${first},\n{"type":"Sea\n"},\n${third}\n]`)).toEqual([first, '{"type":"Sea', third])
  })

  it('with brackets that close nothing has a line for each of them', async () => {
    expect(await read(`[\n${first}}\n]\n]\n${third}`)).toEqual([first, '}', ']', third])
  })
})

describe('a log in CSV', () => {
  it.each([',', ';', '\t'])('is read by its columns, with empty cells left out: %j', async (delimiter) => {
    const rows = [
      ['type', 'user', 'time', 'query', 'items', 'item', 'position'],
      ['Search', 'ann', '1772442005000', '"dogs, ""big"" ones"', '', '', ''],
      ['Results', 'ann', '2026-03-02T09:00:05Z', '', 'rex|fido', '', ''],
      ['ClickResult', '7', '', '', '', 'rex', '2'],
      ['Search', 'ann', '', '', '', '', ''],
    ]
    expect(await values(rows.map((row) => row.join(delimiter)).join('\r\n'))).toEqual([
      { type: 'Search', user: 'ann', time: 1772442005000, query: 'dogs, "big" ones' },
      { type: 'Results', user: 'ann', time: '2026-03-02T09:00:05Z', items: ['rex', 'fido'] },
      { type: 'ClickResult', user: '7', item: 'rex', position: 2 },
      { type: 'Search', user: 'ann', query: '' },
    ])
  })

  it('has the hits of a UBI query as a list, under each of the names that UBI has for them', async () => {
    for (const name of HIT_IDS)
      expect(await values(`client_id,user_query,${name}\nu1,dogs,rex|fido\nu1,cats,"[""tom""]"`)).toEqual([
        { client_id: 'u1', user_query: 'dogs', [name]: ['rex', 'fido'] },
        { client_id: 'u1', user_query: 'cats', [name]: ['tom'] },
      ])
  })

  it('has the labels of a search in one column as JSON, or in a column for each', async () => {
    const cell = '"{""application"": ""shop"", ""variant"": ""B""}"'
    const rows = ['type,user,query,labels', `Search,ann,dogs,${cell}`, 'Search,ann,cats,', 'Search,ann,birds,shop']
    expect(await values(rows.join('\n'))).toEqual([
      { type: 'Search', user: 'ann', query: 'dogs', labels: { application: 'shop', variant: 'B' } },
      { type: 'Search', user: 'ann', query: 'cats' },
      { type: 'Search', user: 'ann', query: 'birds', labels: 'shop' },
    ])
    const columns = [
      'type,user,query,labels.variant,labels.application',
      'Search,ann,dogs,7,shop',
      'Search,ann,cats,NULL,',
    ]
    expect(await values(columns.join('\n'))).toEqual([
      { type: 'Search', user: 'ann', query: 'dogs', labels: { variant: '7', application: 'shop' } },
      { type: 'Search', user: 'ann', query: 'cats' },
    ])
  })

  it('has no value in a cell that a database exports for none, and none in blank rows', async () => {
    const rows = ['type, user, searchId, query', 'Search, ann, NULL, null', 'Search, \\N, s1, "a, b"', ' , , ,']
    expect(await values(rows.join('\n'))).toEqual([
      { type: 'Search', user: 'ann', query: 'null' },
      { type: 'Search', searchId: 's1', query: 'a, b' },
    ])
  })

  it('has no query in a row that ends before it, and no event in a row with too many cells', async () => {
    const found = await read('type,user,query\nSearch,ann\nSearch,ann,dogs,big\nSearch,ann,dogs,\n')
    expect(found).toEqual([
      '{"type":"Search","user":"ann"}',
      'Search,ann,dogs,big',
      '{"type":"Search","user":"ann","query":"dogs"}',
    ])
  })

  it('is refused in another encoding than UTF-8', async () => {
    const refused = async (text: string): Promise<unknown> =>
      logLines(Readable.from([Buffer.from(text, 'latin1')])).next()
    await expect(refused('type,user,query\nSearch,ann,d\u00f6gs\n')).rejects.toThrow('CSV and not in UTF-8')
    await expect(refused('type,user,query\nSearch,ann,d\u00f6')).rejects.toThrow('CSV and not in UTF-8')
  })

  it('is refused without a column for the type, and where a quote has no end', async () => {
    await expect(read('kind,user\nSearch,ann\n')).rejects.toThrow("has no column 'type', only kind, user")
    await expect(read('type,user\nSearch,"ann\n')).rejects.toThrow('the log is CSV and damaged')
  })
})

describe('a large log', () => {
  const CHUNK_BYTES = 64 * 1024
  const CHUNKS = 400

  /** Repeats a text up to about 25 MB, and counts what was read of it. */
  async function bufferedMax(start: string, repeated: string): Promise<number> {
    let readBytes = 0
    let yieldedBytes = 0
    let max = 0
    const part = repeated.repeat(Math.ceil(CHUNK_BYTES / repeated.length))
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let n = 0; n < CHUNKS; n++) {
        const chunk = Buffer.from(n === 0 ? start + part : part)
        readBytes += chunk.length
        max = Math.max(max, readBytes - yieldedBytes)
        yield chunk
      }
    }
    for await (const line of logLines(chunks())) yieldedBytes += line.length
    expect(yieldedBytes).toBeGreaterThan(0.9 * readBytes)
    return max
  }

  it.each([
    ['lines', '', `${first}\n`],
    ['objects without line breaks', '', `${first}`],
    ['an array', '[', `${first},`],
    ['an array with an object a line', '[\n', `${first},\n`],
  ])('is never held as a whole: %s', async (_, start, repeated) => {
    // The separators are not yielded, and make up to a tenth of the log.
    const separators = 0.1 * CHUNKS * CHUNK_BYTES
    expect(await bufferedMax(start, repeated)).toBeLessThan(2 * 1024 * 1024 + separators)
  })

  it('is refused where a value has no end', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"query":\n')
      for (;;) yield Buffer.alloc(1024 * 1024, '1')
    }
    const reading = logLines(endless()).next()
    await expect(reading).rejects.toThrow('line 1 of the log: the JSON value has no end within 67108864 bytes')
  })
})
