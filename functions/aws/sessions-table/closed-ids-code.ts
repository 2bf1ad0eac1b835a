// Encodes the ids of closed sessions that a state remembers as one binary, and decodes them again.

import type { ClosedIds } from '../../domain/sessions/closed-ids.ts'

/*
 * Every write of a state carries them, so they are as short as they can be. Hashes do not compress.
 * For each closed session:
 *
 *     8 bytes           the time in its id, in epoch milliseconds, as a double
 *     2 bytes           how many hashes follow
 *     2 bytes for each  the hash of an event's type and id
 */
const TIME_BYTES = 8
const NUMBER_BYTES = 2

export function encodeClosedIds(all: readonly ClosedIds[]): Uint8Array {
  const size = all.reduce((sum, { hashes }) => sum + TIME_BYTES + NUMBER_BYTES * (1 + hashes.length), 0)
  const bytes = Buffer.alloc(size)
  let at = 0
  for (const { foundedAtMs, hashes } of all) {
    at = bytes.writeDoubleBE(foundedAtMs, at)
    for (const number of [hashes.length, ...hashes]) at = bytes.writeUInt16BE(number, at)
  }
  return bytes
}

/** Throws for bytes that end too early. */
export function decodeClosedIds(stored: Uint8Array): ClosedIds[] {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  const all: ClosedIds[] = []
  for (let at = 0; at < bytes.length; ) {
    const foundedAtMs = bytes.readDoubleBE(at)
    const first = at + TIME_BYTES + NUMBER_BYTES
    const count = bytes.readUInt16BE(first - NUMBER_BYTES)
    const hashes = Array.from({ length: count }, (_, n) => bytes.readUInt16BE(first + n * NUMBER_BYTES))
    all.push({ foundedAtMs, hashes })
    at = first + count * NUMBER_BYTES
  }
  return all
}
