// Packs events into one record in every way that producers may.

import zlib, { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { kplRecord } from './kpl.ts'

/** Null on Node 20, which lacks zstd. */
export const zstd: ((bytes: Buffer) => Buffer) | null =
  (zlib.zstdCompressSync as ((bytes: Buffer) => Buffer) | undefined) ?? null

type Pack = (texts: readonly string[]) => Buffer

const asArray: Pack = (texts) => Buffer.from(`[${texts.join(',')}]`)
const asIndentedArray: Pack = (texts) => Buffer.from(` [\r\n  ${texts.join(',\r\n  ')}\r\n]\n`)
const asArrayAfterByteOrderMark: Pack = (texts) => Buffer.from(`\ufeff[${texts.join(',')}]`)
const asLines: Pack = (texts) => Buffer.from(texts.join('\n'))
const asEndedLines: Pack = (texts) => Buffer.from(`\n${texts.join('\r\n\r\n')}\n \n`)
const plain = fc.constantFrom(asArray, asIndentedArray, asArrayAfterByteOrderMark, asLines, asEndedLines)
const compress = fc.constantFrom(gzipSync, (bytes: Buffer) => bytes, ...(zstd === null ? [] : [zstd]))

/** Each text is an event. No events are packed as an array, since lines need at least one. */
const payload: fc.Arbitrary<Pack> = fc.tuple(plain, compress).map(
  ([pack, compressed]) =>
    (texts) =>
      compressed(texts.length === 0 ? asArray(texts) : pack(texts)),
)

/** One payload, or an aggregated record of several that share the events. */
export const packing: fc.Arbitrary<Pack> = fc.oneof(
  payload,
  fc
    .array(fc.tuple(payload, fc.nat({ max: 5 })), { minLength: 1, maxLength: 6 })
    .map((parts) => (texts: readonly string[]) => {
      let start = 0
      const userRecords = parts.map(([pack, count], n) => {
        const end = n === parts.length - 1 ? texts.length : start + count
        const share = texts.slice(start, end)
        start = Math.max(start, end)
        return pack(share)
      })
      return kplRecord(userRecords)
    }),
)
