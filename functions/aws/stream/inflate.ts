// Inflates a payload that is compressed with gzip or zstd, and bounds how far it inflates.

import zlib from 'node:zlib'
import type { Rejection } from '../../domain/events/decode.ts'
import { zstdFrames } from './zstd-frames.ts'

export interface Inflated {
  readonly ok: true
  readonly bytes: Buffer
  readonly wasCompressed: boolean
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/**
 * A window of 8 MiB, the largest that every zstd decoder should support. A frame may demand
 * gigabytes.
 */
const ZSTD_WINDOW_LOG_MAX = 23

/** The payload may be sound: a newer Node can read it after a redrive. */
export const ZSTD_UNSUPPORTED: Rejection = {
  ok: false,
  reason: 'not-json',
  detail: 'zstd needs Node 22.15 or newer',
}

type Inflate = (bytes: Buffer, options: { maxOutputLength: number; params?: Record<number, number> }) => Buffer

/** Node's types always declare it, but Node 20 lacks it. */
const zstdDecompress: Inflate | undefined = zlib.zstdDecompressSync

/**
 * Returns the payload unchanged where it is not compressed. Rejects a payload as too large as soon
 * as it inflates to more than `bytesMax` bytes.
 */
export function inflate(bytes: Buffer, bytesMax: number): Inflated | Rejection {
  if (startsWith(bytes, GZIP_MAGIC)) return inflateWith('gzip', zlib.gunzipSync, bytes, bytesMax)
  if (!startsWith(bytes, ZSTD_MAGIC)) {
    return bytes.length > bytesMax ? tooLarge() : { ok: true, bytes, wasCompressed: false }
  }
  if (zstdDecompress === undefined) return ZSTD_UNSUPPORTED
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX }
  const frames = zstdFrames(bytes)
  if (frames === null) return corrupt('zstd')
  const parts: Buffer[] = []
  let size = 0
  for (const frame of frames) {
    const part = inflateWith('zstd', zstdDecompress, frame, bytesMax - size, params)
    if (!part.ok) return part
    parts.push(part.bytes)
    size += part.bytes.length
  }
  return size > bytesMax ? tooLarge() : { ok: true, bytes: Buffer.concat(parts), wasCompressed: true }
}

function inflateWith(
  name: string,
  run: Inflate,
  bytes: Buffer,
  bytesMax: number,
  params?: Record<number, number>,
): Inflated | Rejection {
  try {
    // zlib refuses a length of 0.
    const options = { maxOutputLength: Math.max(1, bytesMax), ...(params && { params }) }
    return { ok: true, bytes: run(bytes, options), wasCompressed: true }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE' || code === 'ZSTD_error_frameParameter_windowTooLarge') return tooLarge()
    return corrupt(name)
  }
}

function corrupt(name: string): Rejection {
  return { ok: false, reason: 'not-json', detail: `${name}: corrupt or truncated` }
}

function tooLarge(): Rejection {
  return { ok: false, reason: 'too-large', detail: 'inflates to more than a record may hold' }
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic)
}
