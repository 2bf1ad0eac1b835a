// Frames of zstd: a payload's bytes in, each whole frame out; Node decodes only the first, and may take one that is cut off.

const FRAME = 0xfd2fb528
/** And the fifteen after it: frames that only carry notes. */
const SKIPPABLE = 0x184d2a50
const CHECKSUM_BYTES = 4
/** One byte, repeated; the others hold as many bytes as they say. */
const REPEATED = 1

/** A payload of more is no log. */
const FRAMES_MAX = 1000

/** By RFC 8878; without those that only carry notes. Null where the last is cut off, or something else follows. */
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

/** Past the bytes where they end before the frame does; null where none begins. */
function frameEnd(bytes: Buffer, start: number): number | null {
  const cutOff = bytes.length + 1
  if (start + 5 > bytes.length) return cutOff
  const magic = bytes.readUInt32LE(start)
  if (magic >>> 4 === SKIPPABLE >>> 4) {
    return start + 8 > bytes.length ? cutOff : start + 8 + bytes.readUInt32LE(start + 4)
  }
  if (magic !== FRAME) return null
  const descriptor = bytes[start + 4] as number
  const isSingleSegment = (descriptor & 0x20) !== 0
  const hasChecksum = (descriptor & 0x04) !== 0
  let at = start + 5 + headerBytes(descriptor, isSingleSegment)
  for (let isLast = false; !isLast; ) {
    if (at + 3 > bytes.length) return cutOff
    const block = bytes.readUIntLE(at, 3)
    isLast = (block & 1) === 1
    at += 3 + (((block >> 1) & 3) === REPEATED ? 1 : block >>> 3)
  }
  return at + (hasChecksum ? CHECKSUM_BYTES : 0)
}

/** Of the window, the dictionary's id and the content's size. */
function headerBytes(descriptor: number, isSingleSegment: boolean): number {
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number
  const size = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number
  return (isSingleSegment ? 0 : 1) + dictionary + size
}
