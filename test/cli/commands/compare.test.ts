// Tests the command that compares variants, on the sums and rows of an emulated table.

import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resultsSpec } from '../../../bench/bench-tables.ts'
import { runCommand } from '../../../cli/program.ts'
import { twoSidedP } from '../../../compare/distributions.ts'
import { METRIC_NAMES } from '../../../compare/metric.ts'
import { dynamoResultStore } from '../../../functions/aws/results-table/result-store.ts'
import { dynamoRollupStore } from '../../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import type { SearchRow } from '../../../functions/domain/results/result.ts'
import { type HourRollup, hourKey, hourOf } from '../../../functions/domain/results/rollup.ts'
import { bucketOf, type DaySegments, daySegments, daySegmentsKey } from '../../../functions/domain/results/segments.ts'
import { removeRows } from '../../../functions/row-removal.ts'
import { writeRunningPipeline } from '../../../local/run/running-pipeline.ts'
import { randomOf } from '../../../sim/random.ts'
import { EXIT } from '../../../terminal/exit-codes.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { makeTables } from '../../support/tables.ts'
import { objectsIn, type Typed, terminalWith, typed } from '../../support/typed.ts'
import { type AskedSearch, storeRows, sumHours, variantRow } from '../../support/variant-rows.ts'

const emulated = emulatedDynamo()
const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-compare-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const NOW_MS = Date.now()
const daysAgo = (days: number): string => new Date(NOW_MS - days * DAY_MS).toISOString().slice(0, 10)
const LABELS = ['variant']

interface Users {
  /** How many users each variant has. */
  readonly a: number
  readonly b: number
  readonly rates: { readonly a: number; readonly b: number }
  /** Users with both variants, beside those. */
  readonly both?: number
}

/** Makes one to three searches of each user on three days, clicked as often as the rates say. */
function searchesOf({ a, b, rates, both = 0 }: Users): AskedSearch[] {
  const random = randomOf(18)
  const users = [...Array(a).fill(['a']), ...Array(b).fill(['b']), ...Array(both).fill(['a', 'b'])] as ('a' | 'b')[][]
  return users.flatMap((variants, user) =>
    variants.flatMap((variant) =>
      Array.from(
        { length: random.between(1, 3) },
        (): AskedSearch => ({
          user: `user-${user}`,
          variant,
          day: daysAgo(random.between(2, 4)),
          hour: 9,
          clicks: random.happens(rates[variant]) ? random.between(1, 2) : 0,
        }),
      ),
    ),
  )
}

interface Opened {
  readonly table: string
  compare(...args: readonly string[]): Promise<Typed>
  report(...args: readonly string[]): Promise<Typed>
  /** The JSON that the command prints. */
  json(...args: readonly string[]): Promise<Record<string, never>>
}

/** Makes a table with the rows and their sums, and a local run that has it. */
async function open(rows: readonly SearchRow[], segments: readonly string[] = LABELS): Promise<Opened> {
  const table = `results-${randomUUID()}`
  await makeTables([resultsSpec(table)], emulated.clients)
  await storeRows(emulated.client, table, rows, segments, NOW_MS)
  const path = join(folder, table)
  await writeRunningPipeline(path, {
    pid: process.pid,
    startedAt: new Date(NOW_MS).toISOString(),
    endpoints: {
      kinesis: 'http://127.0.0.1:9',
      dynamodb: process.env.AWS_ENDPOINT_URL_DYNAMODB as string,
      s3: 'http://127.0.0.1:9',
      lambda: 'http://127.0.0.1:9',
      secrets: 'http://127.0.0.1:9',
    },
    outputs: {
      StreamName: 'stream',
      ResultsTableName: table,
      SessionsTableName: 'sessions',
      DeadLetterBucketName: 'bucket',
      IngestFunctionName: 'ingest',
      SweepFunctionName: 'sweep',
      FinalizeFunctionName: 'finalize',
      RollupFunctionName: 'rollup',
    },
    environments: {},
  })
  const report = (...args: readonly string[]): Promise<Typed> => typed(['report', ...args, '--local', path], folder)
  const compare = (...args: readonly string[]): Promise<Typed> =>
    typed(['compare', '--by', 'variant', ...args, '--local', path], folder)
  return {
    table,
    compare,
    report,
    json: async (...args) => objectsIn((await compare(...args, '--json')).stdout)[0] as Record<string, never>,
  }
}

const rowsOf = (searches: readonly AskedSearch[]): SearchRow[] => searches.map((one, n) => variantRow(one, n))

/** Computes the comparison of click-through rates by the textbook, over any units. */
function naively(rows: readonly SearchRow[], unitOf: (row: SearchRow) => string) {
  const ratio = (variant: string): { y: number; x: number; byUnit: Map<string, [number, number]> } => {
    const byUnit = new Map<string, [number, number]>()
    for (const row of rows.filter(({ labels }) => labels?.variant === variant)) {
      const [y, x] = byUnit.get(unitOf(row)) ?? [0, 0]
      byUnit.set(unitOf(row), [y + (row.clicks > 0 ? 1 : 0), x + 1])
    }
    const sums = [...byUnit.values()]
    return { y: sums.reduce((sum, [y]) => sum + y, 0), x: sums.reduce((sum, [, x]) => sum + x, 0), byUnit }
  }
  const [a, b] = [ratio('a'), ratio('b')]
  const units = [...new Set([...a.byUnit.keys(), ...b.byUnit.keys()])]
  const moved = units.map((unit) => {
    const part = ({ y, x, byUnit }: typeof a): number => {
      const [ofY, ofX] = byUnit.get(unit) ?? [0, 0]
      return (ofY - (y / x) * ofX) / x
    }
    return part(b) - part(a)
  })
  const n = units.length
  const standardError = Math.sqrt((n / (n - 1)) * moved.reduce((sum, one) => sum + one ** 2, 0))
  const difference = b.y / b.x - a.y / a.x
  return { a: a.y / a.x, b: b.y / b.x, difference, p: twoSidedP(difference / standardError, n - 1) }
}

describe('compare', () => {
  const searches = searchesOf({ a: 700, b: 700, rates: { a: 0.3, b: 0.45 } })
  const others: AskedSearch[] = Array.from({ length: 7 }, (_, n) => ({
    user: `other-${n}`,
    variant: null,
    day: daysAgo(3),
    hour: 9,
    clicks: 1,
  }))
  const rows = rowsOf([...searches, ...others])
  let opened: Opened
  beforeAll(async () => {
    opened = await open(rows)
  })

  it('finds the difference by buckets that the textbook does', async () => {
    const expected = naively(rows, ({ pk }) => String(bucketOf(pk, sha256)))
    const { baseline, variants, by, ...rest } = await opened.json()
    const [b] = variants as unknown as Record<string, number>[]
    expect(by).toBe('buckets')
    expect(rest).toMatchObject({ label: 'variant', metric: 'ctr', from: daysAgo(14), to: daysAgo(0), trusted: true })
    expect(rest).toMatchObject({ split: null, users: null, withoutVariant: { none: 7, other: 0 } })
    expect((baseline as unknown as { ratio: number }).ratio).toBeCloseTo(expected.a, 10)
    expect(b).toMatchObject({ name: 'b', finding: 'higher', degreesOfFreedom: 63 })
    expect(b?.ratio).toBeCloseTo(expected.b, 10)
    expect(b?.difference).toBeCloseTo(expected.difference, 10)
    expect(b?.p).toBeCloseTo(expected.p, 8)
    expect(b?.adjustedP).toBe(b?.p)
  })

  it('finds the same rates and nearly the same p by user', async () => {
    const expected = naively(rows, ({ user }) => user)
    const { baseline, variants, by, users } = await opened.json('--exact')
    const [b] = variants as unknown as Record<string, number>[]
    expect([by, users]).toEqual(['users', { all: 1400, several: 0 }])
    expect((baseline as unknown as { ratio: number }).ratio).toBeCloseTo(expected.a, 10)
    expect(b?.difference).toBeCloseTo(expected.difference, 10)
    // Both variants have as many users, so only the factor of small numbers differs.
    expect(b?.p).toBeCloseTo(expected.p, 4)
  })

  it('prints a table, a sentence for the variant, and what it leaves out', async () => {
    const { status, stdout, stderr } = await opened.compare()
    expect([status, stderr]).toEqual([EXIT.done, ''])
    expect(stdout).toMatch(
      new RegExp(
        [
          `^The click-through rate by variant, ${daysAgo(14)} to ${daysAgo(0)} \\(UTC\\), compared by 64 buckets of users:`,
          '',
          'variant +searches +effective users +ratio +difference +95 % interval +p +detectable',
          'a +1,\\d{3} +[\\d,]+ +\\d\\d\\.\\d\\d % +baseline',
          'b +1,\\d{3} +[\\d,]+ +\\d\\d\\.\\d\\d % +\\+\\d+\\.\\d\\d points +\\+.* to \\+.* +below 0\\.0001 +.* points \\(.* %\\)',
          '',
          'The click-through rate of b is higher than that of a, by .* points \\(95 % interval .*\\)\\.',
          '',
          '7 searches have no variant and count for no variant\\.\n$',
        ].join('\n'),
      ),
    )
  })

  it('takes another baseline and other metrics', async () => {
    const reversed = await opened.json('--baseline', 'b', '--metric', 'clicks-per-search')
    expect((reversed.variants as unknown as object[])[0]).toMatchObject({ name: 'a', finding: 'lower' })
    const unclicked = await opened.json('--metric', 'zero-results')
    expect((unclicked.variants as unknown as object[])[0]).toMatchObject({ finding: 'no-variation', p: null })
  })

  it('states before it reads by user what that takes', async () => {
    const { status, stdout, stderr } = await opened.compare('--exact', '--split', '50:50')
    expect(stderr).toMatch(
      /^--exact reads 2,\d{3} searches in 48 requests or more: some \d MB, \d+ read units and less than \$0\.01 on demand/,
    )
    expect(status).toBe(EXIT.done)
    expect(stdout).toMatch(/^The split of users is as meant, 50:50: a 700, b 700 \(p 1\.000\)\.\n\nThe click-through/)
  })

  it('reads nothing by user where the person does not confirm', async () => {
    const asked = terminalWith('n\r', /\[y\/N\] /)
    const args = ['compare', '--by', 'variant', '--exact', '--local', join(folder, opened.table)]
    expect(await runCommand(args, asked)).toBe(EXIT.failed)
    expect(asked.printed()).toContain('Read them? [y/N] ')
    expect(asked.printed()).toMatch(/Nothing was read\.\n$/)
  })

  it('has no trace of a person whose rows are removed', async () => {
    const user = 'user-3'
    const without = await open(rows.filter((row) => row.user !== user))
    const own = await open(rows)
    expect(await own.json()).not.toEqual(await without.json())
    const ports = {
      results: dynamoResultStore(emulated.client, own.table),
      dirtyHours: { mark: async () => {} },
    }
    await removeRows(user, () => true, ports, NOW_MS)
    await sumHours(emulated.client, own.table, [...new Set(rows.map(hourOf))], LABELS, NOW_MS + 10)
    expect(await own.json()).toEqual(await without.json())
    // The order of the users differs, and with it the last digits.
    const rounded = (_: string, value: unknown): unknown => (typeof value === 'number' ? value.toPrecision(9) : value)
    const [ownExact, withoutExact] = [await own.json('--exact'), await without.json('--exact')]
    expect(JSON.stringify(ownExact, rounded)).toBe(JSON.stringify(withoutExact, rounded))
  })
})

describe('report --compare', () => {
  it('compares by every metric what compare does', async () => {
    const { compare, json, report } = await open(rowsOf(searchesOf({ a: 500, b: 500, rates: { a: 0.3, b: 0.4 } })))
    expect((await compare()).status).toBe(EXIT.done)
    const { stdout } = await report('--compare', 'variant', '--baseline', 'b', '--sessions', '0', '--json')
    const [data = {}] = objectsIn(stdout)
    const { label, metrics } = data.variants as {
      label: string
      metrics: { name: string; comparison: { baseline: { name: string }; contrasts: Record<string, number>[] } }[]
    }
    expect([label, metrics.map(({ name }) => name)]).toEqual(['variant', METRIC_NAMES])
    const since = ['--since', daysAgo(4), '--baseline', 'b']
    for (const { name, comparison } of metrics) {
      const [expected] = (await json(...since, '--metric', name)).variants as unknown as Record<string, number>[]
      expect(comparison.baseline.name).toBe('b')
      expect(comparison.contrasts[0]).toMatchObject({
        name: 'a',
        ratio: expected?.ratio,
        adjustedP: expected?.adjustedP,
      })
    }
  })

  it('takes no segment, since no sums are by two labels', async () => {
    const args = ['report', '--compare', 'variant', '--segment', 'application=shop', '--local', folder]
    const { status, stderr } = await typed(args, folder)
    expect(status).toBe(EXIT.wrongUsage)
    expect(stderr).toContain('leave --segment out')
  })

  it('needs a label for a baseline', async () => {
    const { status, stderr } = await typed(['report', '--baseline', 'b', '--local', folder], folder)
    expect(status).toBe(EXIT.wrongUsage)
    expect(stderr).toContain('--baseline needs --compare')
  })
})

describe('compare of users that are not split as meant', () => {
  it('reports a wrong split before any rate, and ends with exit code 3', async () => {
    const { compare, json } = await open(rowsOf(searchesOf({ a: 700, b: 500, rates: { a: 0.3, b: 0.5 } })))
    const { status, stdout } = await compare('--exact', '--split', '50:50')
    expect(status).toBe(EXIT.findings)
    expect(stdout).toMatch(
      /^The split of users is not as meant, 50:50: a 700, b 500 \(p below 0\.0001\)\. Something loses .*\n\nThe click-through/,
    )
    expect(stdout).not.toContain('is higher than')
    expect(await json('--exact', '--split', 'a=700,b=500')).toMatchObject({
      trusted: true,
      split: { meant: 'a=700,b=500', users: { a: 700, b: 500 }, p: 1, bad: false },
    })
  })

  it('lists the users of the variants in the order of the parts, whatever the names', async () => {
    const asked = { day: daysAgo(2), hour: 8, clicks: 0 }
    const { compare } = await open(
      rowsOf([
        { user: 'ann', variant: '9', ...asked },
        { user: 'ben', variant: '10', ...asked },
        { user: 'cem', variant: '10', ...asked },
      ]),
    )
    expect((await compare('--exact', '--split', '2:1')).stdout).toContain('the split 2:1: 10 2, 9 1.')
  })

  it('trusts nothing beyond 1 % of users with several variants, and notes fewer', async () => {
    const rates = { a: 0.3, b: 0.3 }
    const many = await open(rowsOf(searchesOf({ a: 500, b: 500, both: 30, rates })))
    expect(await many.json('--exact')).toMatchObject({
      trusted: false,
      users: { all: 1030, several: 30 },
      findings: [],
    })
    const { status, stdout } = await many.compare('--exact')
    expect(status).toBe(EXIT.findings)
    expect(stdout).toContain(
      '30 of 1030 users (2.9 %) were seen with more than one variant, so this comparison is not to be trusted.',
    )
    const few = await open(rowsOf(searchesOf({ a: 500, b: 500, both: 5, rates })))
    expect(await few.json('--exact')).toMatchObject({ trusted: true, users: { all: 1005, several: 5 } })
    expect((await few.compare('--exact')).stdout).toContain(
      '5 of 1005 users (0.5 %) were seen with more than one variant.',
    )
  })
})

describe('compare of little traffic', () => {
  it('prints rates and no p where the effective users are too few', async () => {
    const few = searchesOf({ a: 40, b: 40, rates: { a: 0.1, b: 0.9 } })
    const { compare, json } = await open(rowsOf(few))
    for (const exact of [[], ['--exact']]) {
      expect((await json(...exact)).variants).toMatchObject([
        { finding: 'too-few-users', difference: null, p: null, low: null, ratio: expect.any(Number) },
      ])
      const { status, stdout } = await compare(...exact)
      expect(status).toBe(EXIT.done)
      expect(stdout).toMatch(/This traffic is too little to compare b with a: .* a comparison needs 200\./)
    }
  })

  it('refuses where one user makes most searches of a variant', async () => {
    const robot = Array.from({ length: 600 }, (): AskedSearch => {
      return { user: 'robot', variant: 'b', day: daysAgo(2), hour: 9, clicks: 0 }
    })
    const searches = [...searchesOf({ a: 600, b: 600, rates: { a: 0.3, b: 0.3 } }), ...robot]
    const { json } = await open(rowsOf(searches))
    expect((await json()).variants).toMatchObject([{ finding: 'too-few-users' }])
    expect((await json('--exact')).variants).toMatchObject([{ finding: 'too-few-users' }])
  })
})

describe('compare without anything to compare', () => {
  const one = (changes: Partial<AskedSearch> = {}): SearchRow[] =>
    rowsOf([{ user: 'ann', variant: 'a', day: daysAgo(2), hour: 9, clicks: 1, ...changes }])

  it.each([
    ['without a search', [], [], 'There are no searches from '],
    ['without sums by any label', one(), [], 'the setting segments names those to sum by'],
    [
      'without sums by this label',
      one(),
      ['country', 'application'],
      'the setting segments names application, country.',
    ],
    ['without a search that has the label', one({ variant: null }), LABELS, 'No search has the label variant from '],
    ['with one variant', one(), LABELS, 'have a: there is nothing to compare.'],
  ])('fails %s with a sentence', async (_, rows, segments, sentence) => {
    const { compare } = await open(rows, segments)
    const { status, stdout, stderr } = await compare()
    expect([status, stdout]).toEqual([EXIT.failed, ''])
    expect(stderr).toContain(sentence)
  })

  it('names the variants where the baseline is none of them, or the split has other parts', async () => {
    const { compare } = await open([
      ...one(),
      ...rowsOf([{ user: 'ben', variant: 'b', day: daysAgo(2), hour: 8, clicks: 0 }]),
    ])
    expect((await compare('--baseline', 'c')).stderr).toMatch(
      /--baseline c: no search has this variant .* There are a, b\./,
    )
    expect((await compare('--exact', '--split', '1:1:1')).stderr).toContain('a part for each of the 2 variants a, b')
    expect((await compare('--exact', '--split', 'a=1,c=1')).stderr).toContain('a part for each of the 2 variants a, b')
  })

  it.each([
    [['--split', '50:50'], '--split needs --exact'],
    [['--exact', '--split', '50'], 'Expected parts such as 50:50'],
    [['--exact', '--split', '50:0'], 'Expected parts above 0'],
    [['--exact', '--split', '1e308:1e308'], 'Expected parts above 0 and up to 1,000,000'],
    [['--exact', '--split', 'a=1,a=2'], 'Expected parts such as 50:50'],
    [['--metric', 'sales'], 'Allowed choices are ctr, satisfied, clicks-per-search, zero-results, reformulated'],
    [['--since', '2000-01-01'], 'a comparison is limited to 1100 days'],
  ])('refuses %j', async (args, sentence) => {
    const { status, stderr } = await typed(['compare', '--by', 'variant', ...args, '--local', folder], folder)
    expect(status).toBe(EXIT.wrongUsage)
    expect(stderr).toContain(sentence)
  })
})

describe('compare of days on which the setting changed', () => {
  it('notes the days without sums by the label, those in part, and that today is not over', async () => {
    const of = (user: string, variant: string, day: string, hour: number): AskedSearch => ({
      user,
      variant,
      day,
      hour,
      clicks: 1,
    })
    const { compare, table } = await open(rowsOf([of('ann', 'a', daysAgo(5), 9)]), [])
    const since = [
      of('ann', 'a', daysAgo(4), 10),
      of('ann', 'a', daysAgo(3), 9),
      of('ben', 'b', daysAgo(3), 10),
      of('ben', 'b', daysAgo(0), 0),
    ].map((asked, n) => variantRow(asked, 100 + n))
    await storeRows(emulated.client, table, since, LABELS, NOW_MS + 5)
    // The sum of the day is there a moment before that by its labels.
    const store = dynamoRollupStore(emulated.client, table)
    const key = daySegmentsKey('variant', daysAgo(4))
    const stored = await store.load<DaySegments>(key)
    await store.save(daySegments('variant', daysAgo(4), []), stored?.revision ?? 0, {
      computedAtMs: 0,
      expiresAtMs: NOW_MS + DAY_MS,
    })
    const { stdout } = await compare()
    expect(stdout).toContain(
      `1 day with searches has no sums by variant (${daysAgo(5)}): the setting segments did not name it yet.`,
    )
    expect(stdout).toContain(
      `1 day is summed by variant only in part yet (${daysAgo(4)}), as while a rollup writes its sums.`,
    )
    expect(stdout).toContain(`Today (${daysAgo(0)}) is not over: its sums still grow.`)
  })
})

describe('compare by user of hours whose rows expire', () => {
  it('notes that searches are missing which sums still count', async () => {
    const asked = { day: daysAgo(2), clicks: 1 }
    const { compare, table } = await open(
      rowsOf([
        { user: 'ann', variant: 'a', hour: 8, ...asked },
        { user: 'ben', variant: 'b', hour: 9, ...asked },
      ]),
    )
    expect((await compare('--exact')).stdout).not.toContain('expire')
    const store = dynamoRollupStore(emulated.client, table)
    const stored = await store.load<HourRollup>(hourKey(`${daysAgo(2)}T08`))
    const expired = { ...(stored?.rollup as HourRollup), rows_expire_at: new Date(NOW_MS).toISOString() }
    await store.save(expired, stored?.revision ?? 0, { computedAtMs: 0, expiresAtMs: NOW_MS + DAY_MS })
    expect((await compare('--exact')).stdout).toContain(
      'The rows of 1 hour have begun to expire, and --exact counts only those that are left.',
    )
    expect((await compare()).stdout).not.toContain('expire')
  })
})

describe('compare of several variants', () => {
  it('adjusts p to the number of comparisons, and states so', async () => {
    const two = searchesOf({ a: 500, b: 500, rates: { a: 0.3, b: 0.4 } })
    const third = searchesOf({ a: 0, b: 500, rates: { a: 0.3, b: 0.31 } }).map((one, n) => ({
      ...one,
      user: `third-${n}`,
      variant: 'c',
    }))
    const { json, compare } = await open(rowsOf([...two, ...third]))
    const variants = (await json()).variants as unknown as { p: number; adjustedP: number }[]
    expect(variants).toHaveLength(2)
    const least = Math.min(...variants.map(({ p }) => p))
    expect(variants.find(({ p }) => p === least)?.adjustedP).toBeCloseTo(2 * least, 10)
    expect((await compare()).stdout).toContain("2 comparisons were made: p is adjusted by Holm's method")
  })
})
