// `npm run follow-docs` types every command of README.md and docs/ and reports what is not true.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type FollowedPage, followPage } from './follow-page.ts'
import { missingOn, readerEnvironment } from './machine.ts'
import { type Block, pageBlocks } from './page-blocks.ts'
import { openShell } from './page-shell.ts'
import { PAGES } from './pages.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const USAGE = `npm run follow-docs -- [--clone] [PAGE...]

Follows README.md and docs/ literally in a temporary folder. The folder is a copy of this checkout
that shares its node_modules. With --clone it is a fresh clone with an install of its own. The log
that README.md makes is there for every page.

  block of sh            runs; all blocks of a page share a shell; --keep stays up to the page's end
  block of no language   shows what the block before it prints; with $ it shows commands as well
  ...                    as a line stands for any lines; at the end of a line for the rest of it
  <!-- varies: a, b -->  above an output: these texts differ each time
  <!-- not run: why -->  above a block: it does not run
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { clone: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})

if (values.help) console.log(USAGE)
else process.exitCode = await follow(positionals.length === 0 ? PAGES : positionals)

async function follow(pages: readonly string[]): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'follow-docs-'))
  const work = join(scratch, 'search-session-ctr')
  const followed: FollowedPage[] = []
  const ended: string[] = []
  try {
    if (values.clone) execFileSync('git', ['clone', '--quiet', ROOT, work])
    else copyCheckout(work)
    const missing = missingOn(process.env, { installs: values.clone })
    for (const path of pages) {
      const shell = openShell({ work, scratch }, readerEnvironment(process.env, scratch, work))
      try {
        if (path !== 'README.md') for (const { command } of logOfReadme(work)) await shell.run(command)
        followed.push(await followPage(path, readFileSync(join(work, path), 'utf8'), shell, missing, console.error))
      } finally {
        const lastOutput = await shell.close()
        if (lastOutput !== null) ended.push(`${path}: the run with --keep ended by itself\n${lastOutput}`)
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return report(pages, followed, ended)
}

function logOfReadme(work: string): Block[] {
  return pageBlocks(readFileSync(join(work, 'README.md'), 'utf8')).filter(({ command }) => command.startsWith('cat > '))
}

function copyCheckout(work: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(work, file)), { recursive: true })
    cpSync(join(ROOT, file), join(work, file))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(work, 'node_modules'))
}

function report(pages: readonly string[], followed: readonly FollowedPage[], ended: readonly string[]): number {
  const failures = [...followed.flatMap((page) => page.failures), ...ended]
  for (const line of [...followed.flatMap(({ skipped }) => skipped), ...failures]) console.log(line)
  const sum = (count: (page: FollowedPage) => number): number => followed.reduce((all, page) => all + count(page), 0)
  const counts = [
    `${pages.length} pages`,
    `${sum(({ ran }) => ran)} blocks run`,
    `${sum(({ notRun }) => notRun)} not run by intent`,
    `${sum(({ skipped }) => skipped.length)} skipped`,
    `${failures.length} not true`,
  ]
  console.log(counts.join(', '))
  return failures.length === 0 ? 0 : 1
}
