// Tests the bench's command line: which parts it measures, and how it reports a failure.

import { describe, expect, it } from 'vitest'
import { benchProgram, failureText, measureAll, type Part } from '../../bench/program.ts'
import { UserError } from '../../terminal/user-error.ts'

function part(name: string, measure: Part['measure']): Part {
  return { name, description: `measures ${name}`, measure }
}

describe('all parts', () => {
  it('are measured even if one fails, whose failure is reported in its place', async () => {
    const reported: string[] = []
    const parts = [
      part('first', async () => ({ json: 1, text: 'one' })),
      part('second', () => Promise.reject(new UserError('no Java'))),
      part('third', async () => ({ json: 3, text: 'three' })),
    ]
    const reports = await measureAll(parts, {
      measured: (name, text) => reported.push(`${name}: ${text}`),
      failed: (name, failure) => reported.push(`${name} failed: ${failure}`),
    })
    expect(reports).toEqual({ first: 1, second: { failure: 'no Java' }, third: 3 })
    expect(reported).toEqual(['first: one', 'second failed: no Java', 'third: three'])
  })
})

describe('the command line', () => {
  const measured: string[] = []
  const parts = ['first', 'second'].map((name) =>
    part(name, async () => {
      measured.push(name)
      throw new UserError('measured')
    }),
  )

  async function printed(...args: readonly string[]): Promise<string> {
    let text = ''
    const program = benchProgram(parts)
    for (const command of [program, ...program.commands]) {
      command.exitOverride()
      command.configureOutput({ writeOut: (out) => (text += out), writeErr: (error) => (text += error) })
    }
    await program.parseAsync(['node', 'bench', ...args]).catch(() => {})
    return text
  }

  it('names every part in its help', async () => {
    const help = await printed('--help')
    for (const name of ['all', 'first', 'second', 'units']) expect(help).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  it('measures only the named part', async () => {
    await printed('second', '--json')
    expect(measured).toEqual(['second'])
  })

  it('answers the name of an unknown part with the names of all parts', async () => {
    expect(await printed('third')).toMatch(/^error: there is no part 'third'\n.*measures first/s)
  })
})

describe('a failure of the bench', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

  it('is a sentence that names the endpoint which does not answer', () => {
    const env = { DYNAMODB_ENDPOINT: 'http://127.0.0.1:9', KINESIS_ENDPOINT: '' }
    expect(failureText(refused, env)).toBe(
      'no service answers (connect ECONNREFUSED) at DYNAMODB_ENDPOINT=http://127.0.0.1:9: start it, or unset the variable to start an emulator',
    )
  })

  it('shows a stack trace for a defect, and none for a mistake of the user', () => {
    expect(failureText(new UserError('a mistake'), {})).toBe('a mistake')
    const defect = new TypeError('a defect')
    expect(failureText(defect, {})).toBe(defect.stack)
    expect(failureText(refused, {})).toBe(refused.stack)
  })
})
