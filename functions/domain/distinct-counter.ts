// Counts distinct texts approximately, in two megabytes whatever their number.

/** Exact for some thousands of texts, and within a percent for tens of millions. */
const BITS = 2 ** 24

/**
 * Linear counting, after Whang, Vander-Zanden and Taylor, 1990: A Linear-Time Probabilistic
 * Counting Algorithm for Database Applications.
 */
export function distinctCounter() {
  const bits = new Uint8Array(BITS / 8)
  let empty = BITS
  return {
    add: (text: string): void => {
      const bit = hashOf(text) % BITS
      const mask = 1 << (bit & 7)
      const byte = bits[bit >> 3] as number
      if ((byte & mask) !== 0) return
      bits[bit >> 3] = byte | mask
      empty--
    },
    count: (): number => Math.round(BITS * Math.log(BITS / Math.max(1, empty))),
  }
}

/**
 * FNV-1a, then the last step of MurmurHash3, which makes the low bits as random as the high ones.
 */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
