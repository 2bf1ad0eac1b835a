// Gives each form in which `local` and `produce` read a log of three events, and a folder for logs.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import zlib, { gzipSync } from 'node:zlib'
import { afterAll } from 'vitest'
import { at } from './events.ts'

const time = (second: number): string => new Date(at(second)).toISOString()

export function searchOf(n: number, second = n): object {
  return { type: 'Search', user: 'ann', time: time(second), eventId: `e${n}`, query: 'dogs' }
}

export function toNdjson(events: readonly unknown[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}

const EVENTS = [searchOf(1), searchOf(2), searchOf(3)]
const CSV = `type,user,time,eventId,query\n${[1, 2, 3].map((n) => `Search,ann,${time(n)},e${n},dogs\n`).join('')}`

/** Each form has a name and the bytes of the file. */
export const LOG_FORMS: readonly (readonly [string, string | Buffer])[] = [
  ['lines', toNdjson(EVENTS)],
  ['pretty array', JSON.stringify(EVENTS, null, 2)],
  ['array with an object a line', `[\n${EVENTS.map((event) => JSON.stringify(event)).join(',\n')}\n]\n`],
  ['concatenated', EVENTS.map((event) => JSON.stringify(event)).join('')],
  ['gzip', gzipSync(JSON.stringify(EVENTS, null, 2))],
  ['UTF-8 with a byte order mark', `\ufeff${toNdjson(EVENTS)}`],
  ['UTF-16', Buffer.from(`\ufeff${toNdjson(EVENTS)}`, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(`\ufeff${toNdjson(EVENTS)}`, 'utf16le').swap16()],
  ['CSV', CSV],
  // Node 20 has no zstd.
  ...('zstdCompressSync' in zlib ? ([['zstd', zlib.zstdCompressSync(toNdjson(EVENTS))]] as const) : []),
]

const DAY_S = 24 * 3600
/** Twelve searches a day apart. With the default settings, the last four are too late. */
export const NEWEST_FIRST = toNdjson(Array.from({ length: 12 }, (_, n) => searchOf(n, (12 - n) * DAY_S)))
export const NEWEST_FIRST_FINDING =
  'ingest would reject 4 of 12 events as too-late, the first in line 9. Add --sort to send it'

/** Makes a folder for the logs of one test file, and removes it at the end. */
export function logFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-forms-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return {
    folder,
    /** Returns the name of the log that it writes. */
    written: (name: string, content: string | Buffer): string => {
      writeFileSync(join(folder, name), content)
      return name
    },
  }
}
