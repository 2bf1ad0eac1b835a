// Checks the texts of the explorer for values that the pipeline stored.

import { expect, it } from 'vitest'
import { reasonText } from '../../report/browser/session-text.ts'

it('names a close reason that the report does not know as it is stored', () => {
  expect(reasonText('drain')).toBe('by a drain')
  expect(reasonText('moonrise' as 'drain')).toBe('by moonrise')
})
