// Tests how the settings of a deployment are read, and the message for each invalid one.

import { RootConstruct } from 'constructs'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { checkSettingName, checkTogether, readContext, readSettings } from '../../infra/read-settings.ts'
import { SettingError } from '../../infra/setting-kinds.ts'
import { SETTINGS, type Settings } from '../../infra/settings.ts'
import { CHOICES, DURATIONS, NUMBERS, TEXTS, TIMES } from './setting-limits.ts'

const NOT_NUMBERS = ['', ' ', 'abc', 'NaN', 'Infinity', '30 m m', '5 apples', '1,5', '--', '🙂']

/** Reads one setting's text; every other setting has its default. */
function read(name: string, sent: string): unknown {
  return (readSettings({ [name]: sent }) as Readonly<Record<string, unknown>>)[name]
}

/** Returns the message of the SettingError; throws where the call succeeds. */
function settingError(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof SettingError) return error.message
    throw error
  }
  throw new Error('the setting was accepted')
}

function expectRefused(name: string, sent: string, range: string): void {
  const message = settingError(() => read(name, sent))
  expect(message).toContain(`setting ${name}:`)
  expect(message).toContain(`'${sent}'`)
  expect(message).toContain(range)
}

it('these tests cover every setting', () => {
  const covered = [...DURATIONS, ...TIMES, ...NUMBERS, ...CHOICES, ...TEXTS].map(({ name }) => name)
  expect(covered.sort()).toEqual(Object.keys(SETTINGS).sort())
})

it.each([
  [{ resultRetention: '7d' }, "setting resultRetention: '7d' is not longer than amendFor (7d)"],
  [{ rollupRetention: '399d' }, "setting rollupRetention: '399d' is shorter than resultRetention (400d)"],
  [{ resultRetention: '1101d' }, "setting rollupRetention: '1100d' is shorter than resultRetention (1101d)"],
])('refuses settings that contradict one another: %j', (sent, message) => {
  expect(() => checkTogether(readSettings(sent))).toThrow(message)
})

it('accepts the defaults together', () => expect(() => checkTogether(readSettings({}))).not.toThrow())

it('gives every setting a reason', () => {
  for (const { why } of Object.values(SETTINGS)) expect(why).toMatch(/\w+ \w+/)
})

it('an absent setting has its default', () => {
  const defaults = [...DURATIONS, ...TIMES, ...NUMBERS, ...CHOICES].map(({ name, byDefault }) => [name, byDefault])
  const absent = TEXTS.map(({ name, byDefault = null }) => [name, byDefault])
  expect(readSettings({})).toEqual(Object.fromEntries([...defaults, ...absent]))
})

describe.each(DURATIONS)('$name', ({ name, min, max, range, step }) => {
  it('reads the smallest and the largest duration', () => {
    expect(read(name, `${min}ms`)).toBe(min)
    expect(read(name, `${max}ms`)).toBe(max)
  })

  it('refuses a duration that is a millisecond out of range', () => {
    expectRefused(name, `${min - 1}ms`, range)
    expectRefused(name, `${max + 1}ms`, range)
  })

  it('refuses a duration that is a step out of range', () => {
    expectRefused(name, `${min - step}ms`, range)
    expectRefused(name, `${max + step}ms`, range)
  })

  it.each(NOT_NUMBERS)('refuses %j', (sent) => expectRefused(name, sent, range))
})

describe.each(DURATIONS.filter(({ step }) => step > 1))('$name', ({ name, min, range, step }) => {
  it('refuses a duration that is not a whole number of steps', () => {
    expectRefused(name, `${min + step + 1}ms`, range)
    expectRefused(name, `${min + step * 1.5}ms`, range)
    expect(read(name, `${min + step}ms`)).toBe(min + step)
  })
})

describe.each(TIMES)('$name', ({ name, min, max, range }) => {
  it('reads the smallest and the largest time', () => {
    expect(read(name, new Date(min).toISOString())).toBe(min)
    expect(read(name, new Date(max).toISOString())).toBe(max)
  })

  it('refuses a time that is a millisecond out of range', () => {
    for (const timeMs of [min - 1, max + 1]) expectRefused(name, new Date(timeMs).toISOString(), range)
  })

  it.each([...NOT_NUMBERS, '2000', '2000-01-01', '946684800000'])('refuses %j', (sent) =>
    expectRefused(name, sent, range),
  )
})

describe.each(NUMBERS)('$name', ({ name, min, max, range }) => {
  it('reads the smallest and the largest number', () => {
    expect(read(name, `${min}`)).toBe(min)
    expect(read(name, `${max}`)).toBe(max)
  })

  it('refuses a number that is 1 out of range', () => {
    expectRefused(name, `${min - 1}`, range)
    expectRefused(name, `${max + 1}`, range)
  })

  it('refuses a fraction', () => expectRefused(name, `${min}.5`, range))

  it.each([...NOT_NUMBERS, '30m', '10s'])('refuses %j', (sent) => expectRefused(name, sent, range))
})

describe.each(CHOICES)('$name', ({ name, byDefault, allowed }) => {
  it.each(allowed)('reads %j', (sent) => expect(String(read(name, sent))).toBe(sent))

  it('has the type of its default', () => {
    expect(typeof read(name, allowed[0] as string)).toBe(typeof byDefault)
  })

  it.each(['', ' ', 'Amend', 'TRUE', 'maybe', allowed.join(), '1'])('refuses %j', (sent) => {
    expectRefused(name, sent, allowed.join(', '))
  })
})

describe.each(TEXTS)('$name', ({ name, allowed, valid, invalid }) => {
  it.each(valid)('reads %j', (sent) => expect(read(name, sent)).toBe(sent))

  it.each(['', ' ', ...invalid, 'x'.repeat(5000), `${valid[0]}\n`])('refuses %j', (sent) =>
    expectRefused(name, sent, allowed),
  )
})

describe('a duration', () => {
  it.each([
    ['10s', 10 * SECOND_MS],
    ['30m', 30 * MINUTE_MS],
    ['30 min', 30 * MINUTE_MS],
    ['12h', 12 * HOUR_MS],
    ['7d', 7 * DAY_MS],
    ['7 days', 7 * DAY_MS],
    ['1 hour', HOUR_MS],
    ['1.5h', 90 * MINUTE_MS],
    ['  10s ', 10 * SECOND_MS],
    ['1500', 1500],
  ])('a duration is read from %j', (sent, expectedMs) => expect(read('amendFor', sent)).toBe(expectedMs))

  it('a very long text is refused as a duration', () => expectRefused('gap', '9'.repeat(10_000), '1s to 1d'))
})

describe('a name', () => {
  it.each(['gapp', 'Gap', 'gap ', '', 'constructor', 'toString'])(
    'the name %j is refused, since it is no setting',
    (name) => {
      const message = settingError(() => checkSettingName(name))
      expect(message).toContain(`'${name}'`)
      for (const known of Object.keys(SETTINGS)) expect(message).toContain(known)
    },
  )

  it.each(Object.keys(SETTINGS))('the name of the setting %s is accepted', (name) => {
    expect(() => checkSettingName(name)).not.toThrow()
  })
})

describe('the context of the app', () => {
  const settingsIn = (context: Readonly<Record<string, unknown>>): Settings => {
    const { node } = new RootConstruct()
    for (const [key, value] of Object.entries(context)) node.setContext(key, value)
    return readContext(node)
  }

  it('settings are read from the context by name, among keys of the CDK', () => {
    const settings = settingsIn({ gap: '10m', shards: '3', 'aws:cdk:bundling-stacks': [] })
    expect(settings).toEqual({ ...readSettings({}), gap: 10 * MINUTE_MS, shards: 3 })
  })

  it('a mistyped setting in the context is refused', () => {
    expect(() => settingsIn({ maxSessionEvent: '10', batchsize: '10' })).toThrow(SettingError)
  })
})
