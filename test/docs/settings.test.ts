// Holds the tables of docs/settings.md equal to the settings in infra. UPDATE_DOCS=1 writes them.

import { readFileSync, writeFileSync } from 'node:fs'
import ms from 'ms'
import { expect, it } from 'vitest'
import { allowedText, defaultText, type Setting } from '../../infra/setting-kinds.ts'
import { PIPELINE_SETTINGS } from '../../infra/settings.ts'
import { STACK_SETTINGS } from '../../infra/stack-settings.ts'

const PAGE = new URL('../../docs/settings.md', import.meta.url)
/** A comment that names the source, a table, and the comment `end`. */
const TABLE = /(<!-- From infra\/(?:stack-)?settings\.ts: .* -->\n)[\s\S]*?(<!-- end -->)/g

function allowed(setting: Setting): string {
  const isStepped = setting.kind === 'duration' && setting.stepMs > 1
  return allowedText(setting) + (isStepped ? ` in steps of ${ms(setting.stepMs)}` : '')
}

function table(settings: Readonly<Record<string, Setting>>): string {
  const rows = Object.entries(settings).map(([name, setting]) => {
    const byDefault = defaultText(setting)
    return `| \`${name}\` | ${byDefault === '' ? 'none' : byDefault} | ${allowed(setting)} | ${setting.why} |`
  })
  return ['| setting | default | allowed | meaning and reason |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

it('docs/settings.md shows every setting with its default, its range and its reason', () => {
  const page = readFileSync(PAGE, 'utf8')
  const tables = [table(PIPELINE_SETTINGS), table(STACK_SETTINGS)]
  expect(page.match(TABLE)).toHaveLength(tables.length)
  const written = page.replace(TABLE, (_, begin: string, end: string) => `${begin}\n${tables.shift()}\n\n${end}`)
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(PAGE, written)
  else expect(page).toBe(written)
})
