// Checks what a person reads when the CDK app does not synthesize.

import { expect, it } from 'vitest'
import { synthesisError } from '../../../local/template/synthesized-app.ts'
import { UserError } from '../../../terminal/user-error.ts'

it('names only the setting, its value and the range if a setting is invalid', () => {
  const sentence = "setting gap: '1x' is not a duration of 1s to 1d (written 10s, 30m, 12h or 7d)"
  const error = synthesisError(`${sentence}\n`)
  expect(error).toBeInstanceOf(UserError)
  expect(error.message).toBe(sentence)
})

it('names the error of a defect in one line, and has the output of the app as its stack trace', () => {
  const output = `/app/stack.ts:7
    throw new TypeError('no stream')
          ^

TypeError: no stream
    at new Stack (/app/stack.ts:7:11)

Node.js v20.20.2
`
  const error = synthesisError(output)
  expect(error.message).toBe('the CDK app does not synthesize: TypeError: no stream')
  expect(error.stack).toContain('at new Stack')
  expect(error).not.toBeInstanceOf(UserError)
})

it('names the last line of an app that prints no error', () => {
  expect(synthesisError('one\nout of memory\n').message).toBe('the CDK app does not synthesize: out of memory')
})
