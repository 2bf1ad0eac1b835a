// A reader who follows the tutorial or the page of symptoms gets what the page shows.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { followPage } from '../../tools/follow-docs/follow-page.ts'
import { missingOn, readerEnvironment } from '../../tools/follow-docs/machine.ts'
import { openShell, type PageShell } from '../../tools/follow-docs/page-shell.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

describe('following a page', () => {
  let scratch: string
  let work: string
  let shell: PageShell

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'pages-'))
    work = join(scratch, 'checkout')
    for (const name of [
      'cli',
      'compare',
      'functions',
      'infra',
      'local',
      'producer',
      'report',
      'samples',
      'sim',
      'terminal',
      'watch',
      'cdk.json',
      'package.json',
      'tsconfig.json',
    ])
      cpSync(join(ROOT, name), join(work, name), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(work, 'node_modules'))
    shell = openShell({ work, scratch }, readerEnvironment(process.env, scratch, work))
  })

  afterAll(async () => {
    await shell.close()
    rmSync(scratch, { recursive: true, force: true })
  })

  const follow = (path: string, page: string) =>
    followPage(path, page, shell, missingOn(process.env, { installs: false }), () => {})

  it('keeps variables, and reports failed commands and other outputs', async () => {
    const page =
      '```sh\nX=1\n```\n```sh\necho $X\n```\n```\n1\n```\n```sh\nfalse\necho on\n```\n```sh\necho a\n```\n```\nb\n```\n'
    const { ran, failures } = await follow('p.md', page)
    expect(ran).toBe(4)
    expect(failures).toEqual([
      expect.stringMatching(/^p\.md:11 failed with exit code 1/),
      expect.stringMatching(/^p\.md:18 is not what p\.md:15 prints/),
    ])
  })

  it('finds the tutorial true, its four click-through rates too', async () => {
    const { failures } = await follow('docs/tutorial.md', read('docs/tutorial.md'))
    expect(failures).toEqual([])
  })

  it('finds that doctor names the mistake of each symptom that the page makes', async () => {
    const { failures } = await follow('docs/troubleshooting.md', read('docs/troubleshooting.md'))
    expect(failures).toEqual([])
  })
})
