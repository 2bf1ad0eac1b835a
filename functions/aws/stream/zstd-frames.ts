// Splits a zstd payload into frames: Node decodes only the first, even if it is truncated.

/*
 * A frame by RFC 8878, with lengths in bytes. All numbers are little-endian:
 *
 *     magic 4 | descriptor 1 | window 0-1 | dictionary 0-4 | size 0-8 | blocks | checksum 0 or 4
 *
 *     a block:            header 3 (bit 0: last, bits 1-2: type, then the size) | content
 *     a skippable frame:  magic 4 | size 4 | content
 */

const FRAME = 0xfd2fb528
/** The first of sixteen magic numbers of skippable frames. */
const SKIPPABLE = 0x184d2a50
const CHECKSUM_BYTES = 4
/** The type of a block that holds one byte to repeat, whatever its size. */
const REPEATED = 1

/** A log that a producer compresses has far fewer. */
const FRAMES_MAX = 1000

/**
 * Returns the frames in order, without skippable ones. Returns null where the last frame is
 * truncated, or bytes follow that begin no frame.
 */
export function zstdFrames(bytes: Buffer): Buffer[] | null {
  const frames: Buffer[] = []
  let at = 0
  while (at < bytes.length) {
    const end = frameEnd(bytes, at)
    if (end === null || end > bytes.length || frames.length === FRAMES_MAX) return null
    if (bytes.readUInt32LE(at) === FRAME) frames.push(bytes.subarray(at, end))
    at = end
  }
  return frames
}

/** Returns an offset after the last byte for a truncated frame, and null where no frame begins. */
function frameEnd(bytes: Buffer, start: number): number | null {
  const truncated = bytes.length + 1
  if (start + 5 > bytes.length) return truncated
  const magic = bytes.readUInt32LE(start)
  if (magic >>> 4 === SKIPPABLE >>> 4) {
    return start + 8 > bytes.length ? truncated : start + 8 + bytes.readUInt32LE(start + 4)
  }
  if (magic !== FRAME) return null
  const descriptor = bytes[start + 4] as number
  const isSingleSegment = (descriptor & 0x20) !== 0
  const hasChecksum = (descriptor & 0x04) !== 0
  let at = start + 5 + headerBytes(descriptor, isSingleSegment)
  for (let isLast = false; !isLast; ) {
    if (at + 3 > bytes.length) return truncated
    const block = bytes.readUIntLE(at, 3)
    isLast = (block & 1) === 1
    at += 3 + (((block >> 1) & 3) === REPEATED ? 1 : block >>> 3)
  }
  return at + (hasChecksum ? CHECKSUM_BYTES : 0)
}

/** Returns the length of the window, the dictionary's id and the content's size together. */
function headerBytes(descriptor: number, isSingleSegment: boolean): number {
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number
  const size = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number
  return (isSingleSegment ? 0 : 1) + dictionary + size
}
