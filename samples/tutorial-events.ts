// Lists the events of both generations of Bytewax's tutorial "Building Sessions from Search Logs".

import { SECOND_MS } from '../functions/domain/durations.ts'

export type SentEvent = Readonly<Record<string, unknown>> & { readonly type: string; readonly user: string | number }

/** The first generation has no times, so its events get a second each. */
const FIRST_START_MS = Date.parse('2023-02-01T00:00:00Z')

/** The first generation: three searches of two users. Dogs and cats get clicks, fruit gets none. */
export const FIRST_GENERATION: readonly SentEvent[] = [
  { type: 'AppOpen', user: 1 },
  { type: 'Search', user: 1, query: 'dogs' },
  { type: 'Results', user: 1, items: ['fido', 'rover', 'buddy'] },
  { type: 'ClickResult', user: 1, item: 'rover' },
  { type: 'Search', user: 1, query: 'cats' },
  { type: 'Results', user: 1, items: ['fluffy', 'burrito', 'kathy'] },
  { type: 'ClickResult', user: 1, item: 'fluffy' },
  { type: 'AppOpen', user: 2 },
  { type: 'ClickResult', user: 1, item: 'kathy' },
  { type: 'Search', user: 2, query: 'fruit' },
  { type: 'AppClose', user: 1 },
  { type: 'AppClose', user: 2 },
].map((event, second) => ({ ...event, time: new Date(FIRST_START_MS + second * SECOND_MS).toISOString() }))

/** The later generation has times and no AppClose. Its sessions end with a gap of 10 seconds. */
export const LATER_GENERATION: readonly SentEvent[] = [
  { type: 'Search', user: 1, query: 'dogs', time: '2024-01-01T00:00:05Z' },
  { type: 'Results', user: 1, items: ['fido', 'rover', 'buddy'], time: '2024-01-01T00:00:06Z' },
  { type: 'ClickResult', user: 1, item: 'rover', time: '2024-01-01T00:00:07Z' },
  { type: 'Search', user: 2, query: 'cats', time: '2024-01-01T00:00:05Z' },
  { type: 'Results', user: 2, items: ['fluffy', 'burrito', 'kathy'], time: '2024-01-01T00:00:06Z' },
  { type: 'ClickResult', user: 2, item: 'fluffy', time: '2024-01-01T00:00:07Z' },
  { type: 'ClickResult', user: 2, item: 'kathy', time: '2024-01-01T00:00:08Z' },
]

export const LATER_GENERATION_SETTINGS = { gap: '10s', lateness: '1s' } as const
