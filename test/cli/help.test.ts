// Checks what the help prints on terminals of different widths, and what a start loads for it.

import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { searchCtr } from '../../cli/program.ts'
import { loadedAt } from '../support/imports.ts'
import { testTerminal, typed } from '../support/typed.ts'

/** Returns the help of the program and of all its commands. */
async function helpsAt(columns: number, isLoaded?: (name: string) => boolean): Promise<string[]> {
  const { stdout, ...terminal } = testTerminal()
  const program = await searchCtr({ ...terminal, stdout: Object.assign(stdout, { columns }) }, isLoaded)
  const helpsUnder = (command: Command): string[] => {
    let help = ''
    command.configureOutput({ ...command.configureOutput(), writeOut: (text) => (help += text) })
    command.outputHelp()
    return [help, ...command.commands.flatMap(helpsUnder)]
  }
  return helpsUnder(program)
}

/** Lines that hold a command, which a line break would spoil. */
const COMMAND_LINE = /^Usage: |^ {2}(search-session-ctr|npx) /

describe('the width of help', () => {
  it.each([40, 80, 200])('no line of help is longer than a terminal of %i columns', async (columns) => {
    const lines = (await helpsAt(columns)).join('\n').split('\n')
    const tooLong = lines.filter((line) => line.length > columns && !COMMAND_LINE.test(line))
    expect(tooLong).toEqual([])
  })

  it('help on a wide terminal has fewer lines', async () => {
    const countAt = async (columns: number) => (await helpsAt(columns)).join('\n').split('\n').length
    const counts = [await countAt(40), await countAt(80), await countAt(200)]
    expect(counts).toEqual(counts.toSorted((a, b) => b - a))
    expect(new Set(counts).size).toBe(3)
  })

  it('an example stays on one line at any width', async () => {
    const examplesAt = async (columns: number) =>
      (await helpsAt(columns)).join('\n').match(/^ {2}search-session-ctr .*$/gm)
    expect(await examplesAt(40)).toEqual(await examplesAt(200))
  })
})

describe('help', () => {
  it('help of a command prints what its --help prints', async () => {
    const help = await typed(['dead-letters', 'list', '--help'], tmpdir())
    expect(await typed(['help', 'dead-letters', 'list'], tmpdir())).toEqual(help)
    expect(await typed(['dead-letters', 'help', 'list'], tmpdir())).toEqual(help)
    expect(await typed(['help'], tmpdir())).toEqual(await typed(['--help'], tmpdir()))
  })

  it('the help of the program is the same whichever commands are loaded', async () => {
    const [[none], [all]] = [await helpsAt(80, () => false), await helpsAt(80)]
    expect(none).toBe(all)
  })

  it('a start loads no SDK, CDK, emulator or bundler before it knows the command', () => {
    const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    const packages = [...loadedAt('cli/program.ts', read)].filter((name) => !/\.ts$|^node:/.test(name))
    expect(packages.sort()).toEqual(['commander', 'ms', 'string-width'])
  })
})
