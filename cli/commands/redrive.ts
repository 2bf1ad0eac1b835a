// Implements `dead-letters redrive`, which redrives dead letters.

import type { Command } from 'commander'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, counted, printable } from '../../terminal/text-table.ts'
import { type RedriveReport, type RedriveRequest, redrive } from '../dead-letters/redrive.ts'
import { prefixesOf } from '../dead-letters/stored-dead-letters.ts'
import { parseDay } from '../target/option-values.ts'
import { openNamed } from '../target/target.ts'
import type { TargetClients } from '../target/target-clients.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface RedriveOptions extends TargetOptions {
  readonly prefix?: string
  readonly day?: string
  readonly json?: true
  readonly bucket?: string
  readonly ingest?: string
  readonly finalize?: string
}

/** When the command ends with exit code 3. */
export const REDRIVE_FINDINGS = 'a record was refused or failed, or an object is unreadable'

export function defineRedrive(command: Command, terminal: Terminal): void {
  command
    .description('send dead letters through the functions again')
    .option('--prefix <text>', 'only objects whose keys begin so, such as rejected/2026-11-21/ or aws/lambda/')
    .option('--day <day>', 'only records that arrived on this day (UTC), such as 2026-11-21', parseDay)
    .option('--json', 'print one line of JSON: objects, records, refused, failed, unreadable')
  withTarget(command)
    .optionsGroup('Without a stack (give all three):')
    .option('--bucket <name>', 'the dead-letter bucket')
    .option('--ingest <name>', 'the ingest function')
    .option('--finalize <name>', 'the finalize function')
  withHelp(command, {
    details: `A redrive is safe to repeat: ingest drops an event that it has already, and an older result never
replaces a newer one. The command deletes nothing. A record is refused if ingest rejects it again,
or if finalize finds that its session has expired. A record is failed if its function fails. An
unreadable object holds no dead letter.`,
    examples: [
      'search-session-ctr dead-letters redrive --day 2026-11-21',
      'search-session-ctr dead-letters redrive --prefix aws/lambda/',
      'search-session-ctr dead-letters redrive --local',
    ],
    findings: REDRIVE_FINDINGS,
  }).action((options) => runRedrive(options, terminal))
}

async function runRedrive(options: RedriveOptions, terminal: Terminal): Promise<void> {
  const { request, clients } = await requestOf(options, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  const report = await redrive(request, clients.s3, clients.lambda, (objects) =>
    progress.show(`${counted(objects, 'object')} sent again`),
  )
  progress.clear()
  if (options.json) printJson(terminal, report)
  else {
    print(terminal, reportText(report))
    for (const key of report.unreadable) note(terminal, printable(`not a dead letter: ${key}`))
  }
  if (report.failed > 0 || report.refused > 0 || report.unreadable.length > 0) terminal.exitCode = EXIT.findings
}

function reportText({ objects, records, refused, failed, unreadable }: RedriveReport): string {
  return columns([
    ['objects', String(objects)],
    ['records sent again', String(records)],
    ['refused', String(refused)],
    ['failed', String(failed)],
    ['unreadable objects', String(unreadable.length)],
  ])
}

async function requestOf(
  { bucket, ingest, finalize, prefix, day, ...target }: RedriveOptions,
  folder: string,
): Promise<{ request: RedriveRequest; clients: TargetClients }> {
  const named = { DeadLetterBucketName: bucket, IngestFunctionName: ingest, FinalizeFunctionName: finalize }
  const { outputs, clients } = await openNamed(named, target, folder)
  const request = {
    bucket: outputs.DeadLetterBucketName,
    ingest: outputs.IngestFunctionName,
    finalize: outputs.FinalizeFunctionName,
    prefixes: prefixesOf(prefix, day),
    day: day ?? null,
  }
  return { request, clients }
}
