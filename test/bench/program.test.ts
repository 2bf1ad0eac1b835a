// The bench's command line: parts, arguments and errors in; what is told of them, and what of the others, out.

import { describe, expect, it } from 'vitest'
import { failureText } from '../../bench/failure-text.ts'
import { benchProgram, measureAll, type Part } from '../../bench/program.ts'
import { UserError } from '../../terminal/user-error.ts'

function part(name: string, measure: Part['measure']): Part {
  return { name, description: `measures ${name}`, measure }
}

describe('all parts', () => {
  it('are measured though one fails, which is told in its place', async () => {
    const told: string[] = []
    const parts = [
      part('first', async () => ({ json: 1, text: 'one' })),
      part('second', () => Promise.reject(new UserError('no Java'))),
      part('third', async () => ({ json: 3, text: 'three' })),
    ]
    const reports = await measureAll(parts, {
      measured: (name, text) => told.push(`${name}: ${text}`),
      failed: (name, failure) => told.push(`${name} failed: ${failure}`),
    })
    expect(reports).toEqual({ first: 1, second: { failure: 'no Java' }, third: 3 })
    expect(told).toEqual(['first: one', 'second failed: no Java', 'third: three'])
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

  async function told(...args: readonly string[]): Promise<string> {
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
    const help = await told('--help')
    for (const name of ['all', 'first', 'second', 'units']) expect(help).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  it('measures the part that is named, and only that', async () => {
    await told('second', '--json')
    expect(measured).toEqual(['second'])
  })

  it('answers a part that there is not with those that there are', async () => {
    expect(await told('third')).toMatch(/^error: there is no part 'third'\n.*measures first/s)
  })
})

describe('a failure of the bench', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

  it('is a sentence that names the endpoint where nobody answers', () => {
    const env = { DYNAMODB_ENDPOINT: 'http://127.0.0.1:9', KINESIS_ENDPOINT: '' }
    expect(failureText(refused, env)).toBe(
      'nobody answers (connect ECONNREFUSED) at DYNAMODB_ENDPOINT=http://127.0.0.1:9: start it, or unset it to have an emulator started',
    )
  })

  it('is told without a trace where it is a mistake, and with one where it is a defect', () => {
    expect(failureText(new UserError('a mistake'), {})).toBe('a mistake')
    const defect = new TypeError('a defect')
    expect(failureText(defect, {})).toBe(defect.stack)
    expect(failureText(refused, {})).toBe(refused.stack)
  })
})
