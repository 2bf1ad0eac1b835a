// Tests the starter app, which `init` copies: versions, flags, settings and outputs are ours.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Template } from 'aws-cdk-lib/assertions'
import { App, Duration, Stack } from 'aws-cdk-lib/core'
import { describe, expect, it } from 'vitest'
import { SearchCtr, type SearchCtrProps } from '../../infra/search-ctr.ts'
import type { Setting } from '../../infra/setting-kinds.ts'
import { PIPELINE_SETTINGS } from '../../infra/settings.ts'
import { SearchStack } from '../../starter/search-stack.ts'
import { resourcesOf, synthesizedTemplate } from '../support/synthesized-stack.ts'
import { EXAMPLES, settingsFile } from './settings-file.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const json = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
const outputsOf = (template: Template): string[] => Object.keys(template.findOutputs('*')).sort()
const unbundled = (): App => new App({ context: { ...json('cdk.json').context, 'aws:cdk:bundling-stacks': [] } })

describe('the starter app', () => {
  it('lists every setting with its default, its range and its reason', () => {
    const path = join(ROOT, 'starter/settings.ts')
    if (process.env.UPDATE_DOCS !== undefined) writeFileSync(path, settingsFile())
    expect(readFileSync(path, 'utf8')).toBe(settingsFile())
  })

  it('names an example that the setting allows, where a setting has no default', () => {
    for (const [name, text] of EXAMPLES) {
      const setting: Setting = PIPELINE_SETTINGS[name as keyof typeof PIPELINE_SETTINGS]
      expect(setting.kind === 'text' && setting.pattern.test(text), name).toBe(true)
    }
  })

  it('deploys the same with and without the defaults that the settings file names', () => {
    const all = settingsFile().replace(/^ {2}\/\/ (\w+: (?!'ops@|'application,).*,)$/gm, '  $1')
    const value = all.slice(all.indexOf('{', all.indexOf('settings:')))
    const settings = new Function('Duration', `return ${value}`)(Duration) as SearchCtrProps
    expect(Object.keys(settings).length).toBeGreaterThan(30)
    const templateOf = (props: SearchCtrProps): object => {
      const stack = new Stack(unbundled(), 'Tested')
      new SearchCtr(stack, 'Pipeline', props)
      return Template.fromStack(stack).toJSON()
    }
    expect(templateOf(settings)).toEqual(templateOf({}))
  })

  it('has the outputs and resources of our own stack', () => {
    const template = Template.fromStack(new SearchStack(unbundled(), 'Tested'))
    const own = synthesizedTemplate()
    expect(outputsOf(template)).toEqual(outputsOf(own))
    for (const type of ['AWS::DynamoDB::GlobalTable', 'AWS::Lambda::Function', 'AWS::CloudWatch::Alarm'])
      expect(resourcesOf(template, type).length, type).toBe(resourcesOf(own, type).length)
  })

  it('pins the versions that this project is tested with', () => {
    const { dependencies, devDependencies, engines } = json('starter/package.json')
    const own = json('package.json')
    const known = { ...own.dependencies, ...own.devDependencies, [own.name]: own.version }
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version, name).toBe(known[name])
    expect(engines).toEqual(own.engines)
  })

  it('has the flags of our own cdk.json', () => {
    const { app, ...flags } = json('starter/cdk.json')
    const { app: _, ...own } = json('cdk.json')
    expect(app).toBe('node --import tsx app.ts')
    expect(flags).toEqual(own)
  })
})
