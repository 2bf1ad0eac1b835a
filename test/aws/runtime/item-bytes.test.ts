// Tests the sizes of items against the rules that DynamoDB documents.

import { describe, expect, it } from 'vitest'
import { itemBytes, updatedItemBytes } from '../../../functions/aws/runtime/item-bytes.ts'

describe('an item', () => {
  it.each([
    [{ pk: 'é' }, 4],
    [{ n: 1772442005000 }, 1 + 6],
    [{ n: -1 }, 1 + 3],
    [{ n: 0 }, 1 + 1],
    [{ b: new Uint8Array(100), isGone: undefined }, 101],
    [{ x: null, y: true }, 4],
    [{ list: ['ab', 'c'] }, 4 + 3 + 3 + 2],
  ])('the size of %j is %i bytes', (item, bytes) => expect(itemBytes(item)).toBe(bytes))

  it('takes NULL for a value that an UPDATE sets to undefined', () => {
    expect(updatedItemBytes({ pk: 'a', gone: undefined })).toBe(itemBytes({ pk: 'a', gone: null }))
  })
})
