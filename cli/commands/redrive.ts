// `redrive`: a dead-letter bucket and the functions in, every record in it sent again out, as often as one likes.

import type { Command } from 'commander'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, printable } from '../../terminal/text-table.ts'
import { type Letters, redrive } from '../dead-letters/redrive.ts'
import { prefixesOf } from '../dead-letters/stored-dead-letters.ts'
import { parseDay } from '../target/option-values.ts'
import { awsConfig, clientsOf, openTarget, type TargetClients } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface RedriveOptions extends TargetOptions, Partial<Omit<Letters, 'prefixes' | 'day'>> {
  readonly prefix?: string
  readonly day?: string
  readonly json?: true
}

/** @param parent `dead-letters`, or the program itself, where scripts from before there was a `dead-letters` find it. */
export function addRedrive(parent: Command, terminal: Terminal, isHidden: boolean): void {
  const command = parent
    .command('redrive', { hidden: isHidden })
    .description('send what lies in the dead-letter bucket through the functions again')
    .option('--prefix <text>', 'only objects whose keys begin so, as rejected/2026-11-21/ or aws/lambda/')
    .option('--day <day>', 'only what arrived on this day (UTC)', parseDay)
    .option('--json', 'print one line of JSON')
  withTarget(command)
    .optionsGroup('Where, without a stack (all three):')
    .option('--bucket <name>', 'DeadLetterBucketName')
    .option('--ingest <name>', 'IngestFunctionName')
    .option('--finalize <name>', 'FinalizeFunctionName')
    .addHelpText(
      'after',
      `
Safe to repeat: an event that is there already is a duplicate, and a result is written by version. Nothing is deleted.

Examples:
  search-ctr dead-letters redrive --day 2026-11-21
  search-ctr dead-letters redrive --prefix aws/lambda/
  search-ctr dead-letters redrive --local`,
    )
    .action((options) => runRedrive(options, terminal))
}

async function runRedrive(options: RedriveOptions, terminal: Terminal): Promise<void> {
  const { letters, clients } = await findDeadLetters(options, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  const report = await redrive(letters, clients.s3, clients.lambda, (objects) =>
    progress.show(`${objects} objects sent again`),
  )
  progress.clear()
  if (options.json) printJson(terminal, report)
  else {
    print(
      terminal,
      columns([
        ['objects', String(report.objects)],
        ['records sent again', String(report.records)],
        ['refused again', String(report.refused)],
        ['failed again', String(report.failed)],
        ['unreadable objects', String(report.unreadable.length)],
      ]),
    )
    for (const key of report.unreadable) note(terminal, printable(`not a dead letter: ${key}`))
  }
  if (report.failed > 0 || report.refused > 0 || report.unreadable.length > 0) terminal.exitCode = EXIT.foundTrouble
}

async function findDeadLetters(
  options: RedriveOptions,
  folder: string,
): Promise<{ letters: Letters; clients: TargetClients }> {
  const { bucket, ingest, finalize } = options
  const filter = { prefixes: prefixesOf(options.prefix, options.day), day: options.day ?? null }
  if (bucket !== undefined && ingest !== undefined && finalize !== undefined && options.local === undefined) {
    return { letters: { bucket, ingest, finalize, ...filter }, clients: clientsOf(awsConfig(options)) }
  }
  const { outputs, clients } = await openTarget(options, folder)
  const letters = {
    bucket: bucket ?? outputs.DeadLetterBucketName,
    ingest: ingest ?? outputs.IngestFunctionName,
    finalize: finalize ?? outputs.FinalizeFunctionName,
    ...filter,
  }
  return { letters, clients }
}
