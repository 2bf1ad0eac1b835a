// Checks where the AWS emulators are installed, where that is impossible, and what is a mistake.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  NotInstallableError,
  pythonPrograms,
  type Ran,
  type Run,
} from '../../../tools/conformance/python-environment.ts'

const DONE: Ran = { status: 0, output: '' }
const NO_INDEX = `WARNING: Retrying (Retry(total=0, connect=None)) after connection broken: /simple/blinker/
ERROR: Could not find a version that satisfies the requirement blinker==1.9.0 (from versions: none)
ERROR: No matching distribution found for blinker==1.9.0
`
const OTHER_HASH = `ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
    blinker==1.9.0 from https://example.com/blinker-1.9.0-py3-none-any.whl:
        Expected sha256 ba0efaa9
             Got        00000000
`

/** The three commands of an installation, each known by one argument. */
type Step = '-c' | 'venv' | 'pip'

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'python-environment-')), 'environment')
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

/** Answers each step with what is given, and else with success. */
function machine(answers: Partial<Record<Step, Ran>>): { readonly run: Run; readonly steps: Step[] } {
  const steps: Step[] = []
  const run: Run = (_, args) => {
    const step = (['-c', 'venv', 'pip'] as const).find((each) => args.includes(each)) as Step
    steps.push(step)
    return answers[step] ?? DONE
  }
  return { run, steps }
}

describe('the installation of the AWS emulators', () => {
  it('makes an environment once, and uses it from then on', () => {
    const { run, steps } = machine({})
    const programs = pythonPrograms(folder, run)
    expect(steps).toEqual(['-c', 'venv', 'pip'])
    expect(pythonPrograms(folder, run)).toBe(programs)
    expect(steps).toHaveLength(3)
  })

  it.each<[string, Partial<Record<Step, Ran>>, string]>([
    ['Python is missing', { '-c': { status: null, output: '' } }, 'is not installed'],
    [
      'Python does not start',
      { '-c': { status: 127, output: 'pyenv: python3: command not found' } },
      'is not installed',
    ],
    ['Python is too old', { '-c': { status: 10, output: '' } }, 'Python is older than 3.10'],
    ['venv or ensurepip is missing', { '-c': { status: 11, output: '' } }, 'Python has no venv or no ensurepip'],
    ['venv fails', { venv: { status: 1, output: 'Traceback\nOSError: No space left\n' } }, 'OSError: No space left'],
    ['no index answers', { pip: { status: 1, output: NO_INDEX } }, 'No matching distribution found for blinker==1.9.0'],
    ['pip takes too long', { pip: { status: null, output: '' } }, 'it printed nothing'],
  ])('is impossible where %s, names the cause, and is tried again', (_, answers, message) => {
    const { run } = machine(answers)
    for (let tries = 0; tries < 2; tries++) {
      expect(() => pythonPrograms(folder, run)).toThrow(NotInstallableError)
      expect(() => pythonPrograms(folder, run)).toThrow(message)
    }
  })

  it('leaves everything as it is where Python is missing', () => {
    const { run, steps } = machine({ '-c': { status: null, output: '' } })
    expect(() => pythonPrograms(folder, run)).toThrow()
    expect(steps).toEqual(['-c'])
    expect(existsSync(folder)).toBe(false)
  })

  it('fails, and is not skipped, if a package has another hash', () => {
    const { run } = machine({ pip: { status: 1, output: OTHER_HASH } })
    expect(() => pythonPrograms(folder, run)).toThrow(/pip refuses tools\/conformance\/requirements\.txt/)
    expect(() => pythonPrograms(folder, run)).not.toThrow(NotInstallableError)
  })
})
