// Checks what holds for every command: help, a section in docs/cli.md, and errors for wrong usage.

import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { searchCtr } from '../../cli/program.ts'
import { parseDay, parseSince } from '../../cli/target/option-values.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { testTerminal, typed } from '../support/typed.ts'

const DOCS = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

interface Named {
  readonly path: string
  readonly command: Command
}

function commandsUnder(command: Command, path: string): Named[] {
  const shown = command.createHelp().visibleCommands(command)
  return shown.flatMap((child) => {
    const childPath = `${path} ${child.name()}`
    return [{ path: childPath, command: child }, ...commandsUnder(child, childPath)]
  })
}

const COMMANDS = commandsUnder(await searchCtr(testTerminal()), 'search-session-ctr')

function helpOf(command: Command): string {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) })
  command.outputHelp()
  return help
}

describe('every command', () => {
  it.each(COMMANDS)('the help of $path has examples of commands that exist', ({ path, command }) => {
    const [, examples = ''] = helpOf(command).split(/Examples?:\n/)
    expect(examples).toContain(path)
    for (const [, typedPath = ''] of examples.matchAll(/\b(search-session-ctr [a-z-]+)/g)) {
      expect(COMMANDS.map((one) => one.path)).toContain(typedPath)
    }
  })

  it.each(COMMANDS)('docs/cli.md describes $path and all its options', ({ path, command }) => {
    expect(DOCS).toContain(`\n## ${path.split(' ').slice(0, 2).join(' ')}\n`)
    expect(DOCS).toContain(path)
    for (const option of command.createHelp().visibleOptions(command)) {
      if (option.long !== '--help') expect(DOCS).toContain(`\`${option.long}`)
    }
  })

  it('the help of the program and docs/cli.md list every exit code', async () => {
    const help = helpOf(await searchCtr(testTerminal()))
    for (const code of Object.values(EXIT)) {
      expect(help).toMatch(new RegExp(`^ {2}${code} +\\S`, 'm'))
      expect(DOCS).toContain(`| ${code} |`)
    }
  })
})

describe('wrong usage', () => {
  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['help', 'prodce'], 'Did you mean produce?'],
    [['version', 'produce'], "unknown command 'version'"],
    [['drain', '--nonsense'], "unknown option '--nonsense'"],
    [['sessions'], "required option '--user <id>' not specified"],
    [['sessions', '--user', ''], 'Expected 1 to 256 characters'],
    [['forget', '--user', 'ü'.repeat(257)], 'Expected 1 to 256 characters'],
    [['results', '--user', 'ann', '--day', '2026-02-30'], 'Expected a day'],
    [['results', '--user', 'ann', '--since', 'yesterday'], 'Expected 30m, 12h, 7d'],
    [['results'], 'results needs --user, --day or --since'],
    [['results', '--query', 'dogs'], '--query needs --user, --day or --since'],
    [['results', '--user', 'ann', '--segment', 'shop'], 'Expected a label and its value, such as application=shop.'],
    [['results', '--user', 'ann', '--segment', 'Shop=1'], 'Expected a label and its value, such as application=shop.'],
    [
      ['results', '--user', 'ann', '--segment', 'a=b', '--sessions'],
      '--segment selects searches: leave --sessions out',
    ],
    [['results', '--user', 'ann', '--segment', 'a=b', '--segment', 'c=d'], 'Expected one segment'],
    [['report', '--segment', 'a=b', '--segment', 'a=c'], 'Expected one segment'],
    [['results', '--user', 'ann', '--segment', 'a=(other)'], '(other) is in sums only, and each row has its own value'],
    [['produce'], 'a file of events is missing'],
    [['produce', '--local', 'events.ndjson'], "search-session-ctr produce events.ndjson --local'"],
    [['results', '--user', 'ann', '--since', '2026-02-30'], 'Expected 30m, 12h, 7d'],
    [['doctor', '--local', '--region', 'eu-west-1'], '--local replaces a stack on AWS: leave it or --region out'],
    [['dead-letters', 'list', '--stack', 'trial', '--local'], 'leave it or --stack out'],
    [['generate', '--start', '9999-12-30', '--days', '2'], '--start: 9999-12-30 and 2 days pass the year 9999'],
    [['dead-letters', 'list', '--reason', 'nonsense'], 'Allowed choices are not-json, not-an-event'],
    [['generate', '--searches', '1'], 'Expected a number above 1'],
    [['report', '--from', '2026-03-02', '--to', '2026-03-01'], '--from 2026-03-02 is after --to 2026-03-01: '],
    [['results', '--day', '2026-03-02', '--since', '2026-03-03'], 'is after --day 2026-03-02: leave one of them out'],
    [['dead-letters', 'show', 'rejected/x', '--prefix', 'aws/'], 'show takes the key rejected/x or --prefix aws/'],
    [['generate', '--rate', '5'], '--rate needs --send'],
    [['generate', '--local'], '--local needs --send'],
    [['generate', '--ordinals-from', '0'], '--ordinals-from needs --format ubi'],
    [['generate', '--format', 'csv'], 'Allowed choices are events, ubi'],
    [['local', '--keep', '--out', 'results'], '--out needs --events FILE'],
    [['local', '--keep', '--sort'], '--sort needs --events FILE'],
    [['local', '--events', 'package.json', '--speed', '60'], '--speed needs --open'],
    [['local', '--open', '--speed', '60'], '--speed needs --events FILE'],
    [['local', '--open', '--speed', '60', '--events', 'package.json', '--chaos', '0.1'], 'in memory: a run in memory'],
    [['local', '--open', '--speed', '0', '--events', 'package.json'], 'a whole number from 1 to 86400'],
    [['local', '--open', '--memory'], '--memory: no other command can reach a run in memory'],
    [['watch'], 'watch shows a local run: add --local'],
    [['watch', '--stack', 'trial'], "unknown option '--stack'"],
  ])('wrong usage %j ends with exit code 2 and a sentence', async (args, sentence) => {
    const { status, stdout, stderr } = await typed(args, tmpdir())
    expect([status, stdout]).toEqual([EXIT.wrongUsage, ''])
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/\n\s+at |^error:/)
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('(--help lists the commands and options)')
  })

  it('report names a missing folder before it asks AWS', async () => {
    const { status, stderr } = await typed(
      ['report', '--out', join('none', 'x.html'), '--region', 'eu-west-1'],
      tmpdir(),
    )
    expect([status, stderr]).toEqual([EXIT.failed, `--out none/x.html: the folder ${tmpdir()}/none does not exist\n`])
  })

  it('asking for the help or the version ends with exit code 0', async () => {
    const version = await typed(['--version'], tmpdir())
    expect(version).toMatchObject({ status: EXIT.done, stderr: '', stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    for (const alias of ['-V', 'version']) expect(await typed([alias], tmpdir())).toEqual(version)
    expect(await typed(['dead-letters', 'list', '--help'], tmpdir())).toMatchObject({ status: EXIT.done, stderr: '' })
  })
})

describe('times in options', () => {
  it('--since takes a day, a time with its zone, or how long ago', () => {
    expect(parseSince('2026-03-02')).toBe(Date.parse('2026-03-02T00:00:00Z'))
    expect(parseSince('2026-03-02T09:00:00+01:00')).toBe(Date.parse('2026-03-02T08:00:00Z'))
    expect(Math.abs(Date.now() - 7_200_000 - parseSince('2h'))).toBeLessThan(60_000)
    expect(() => parseSince('2026-03-02T09:00:00')).toThrow('Expected')
    expect(() => parseSince('1w')).toThrow('Expected')
  })

  it('--day takes only days of the calendar', () => {
    expect(parseDay('2028-02-29')).toBe('2028-02-29')
    for (const text of ['2026-02-29', '2026-3-2', '', '2026-03-02T00:00:00Z']) {
      expect(() => parseDay(text)).toThrow('Expected a day')
    }
  })
})
