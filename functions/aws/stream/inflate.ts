// Compressed bytes: a payload in, what it inflates to out; as it is where it is not compressed.

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

/** 8 MiB, the largest window that a zstd decoder is asked to support: a frame may demand gigabytes. */
const ZSTD_WINDOW_LOG_MAX = 23

/** Not of the payload but of where it is read: later, elsewhere, it may be read after all. */
export const ZSTD_UNSUPPORTED: Rejection = {
  ok: false,
  reason: 'not-json',
  detail: 'zstd needs Node 22.15 or newer',
}

type Inflate = (bytes: Buffer, options: { maxOutputLength: number; params?: Record<number, number> }) => Buffer

/** Typed as always there, but Node 20 does not have it. */
const zstdDecompress: Inflate | undefined = zlib.zstdDecompressSync

/** A payload of more than `bytesMax` inflated bytes is too large; it is not inflated any further. */
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
    // Zero is no length to zlib.
    const options = { maxOutputLength: Math.max(1, bytesMax), ...(params && { params }) }
    return { ok: true, bytes: run(bytes, options), wasCompressed: true }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE' || code === 'ZSTD_error_frameParameter_windowTooLarge') return tooLarge()
    return corrupt(name)
  }
}

function corrupt(name: string): Rejection {
  return { ok: false, reason: 'not-json', detail: `${name}: corrupt or cut off` }
}

function tooLarge(): Rejection {
  return { ok: false, reason: 'too-large', detail: 'inflates to more than a record may hold' }
}

function startsWith(bytes: Buffer, magic: Buffer): boolean {
  return bytes.subarray(0, magic.length).equals(magic)
}
