// Compresses the texts that items hold, and inflates them again.

import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib'

/** Bounds what reading one item may cost. Nothing that is stored inflates to more. */
const INFLATED_BYTES_MAX = 16 * 1024 * 1024

/** Zlib's window holds 2 to this power of bytes, at least and at most. */
const WINDOW_BITS = { min: 9, max: constants.Z_DEFAULT_WINDOWBITS } as const
/** A block of zlib holds 2 to the power of `memLevel` and this of symbols. */
const BLOCK_BITS_MORE = 6
const CHUNK_BYTES_MIN = constants.Z_MIN_CHUNK

export function deflateText(text: string): Uint8Array {
  const bytes = Buffer.from(text)
  return deflateRawSync(bytes, optionsFor(bytes.length))
}

/** Throws for bytes that no text was deflated to, and for a text of more than `bytesMax`. */
export function inflateText(stored: Uint8Array, bytesMax = INFLATED_BYTES_MAX): string {
  return inflateRawSync(stored, { maxOutputLength: bytesMax }).toString('utf8')
}

/**
 * Most texts are short. By default, zlib reserves 268 KB for each of them, and V8 collects garbage
 * for that. A window and a block as long as the text compress it as well as longer ones.
 */
function optionsFor(length: number): ZlibOptions {
  const bits = Math.ceil(Math.log2(length + 1))
  return {
    level: constants.Z_BEST_COMPRESSION,
    windowBits: Math.min(Math.max(bits, WINDOW_BITS.min), WINDOW_BITS.max),
    memLevel: Math.min(Math.max(bits - BLOCK_BITS_MORE, 1), constants.Z_DEFAULT_MEMLEVEL),
    chunkSize: Math.max(length, CHUNK_BYTES_MIN),
  }
}
