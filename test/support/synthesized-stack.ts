// Synthesizes the stack for tests and reads resources, permissions and findings from its template.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Template } from 'aws-cdk-lib/assertions'
import { App, type Stack } from 'aws-cdk-lib/core'
import { addChecks } from '../../infra/checks.ts'
import { readSettings } from '../../infra/read-settings.ts'
import { SearchSessionCtrStack } from '../../infra/stack.ts'

/** The flags of `cdk.json` change templates, so tests set them as the command line does. */
const CONTEXT = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')).context

// biome-ignore lint/suspicious/noExplicitAny: a template is CloudFormation's own loosely typed document
export type Properties = any

export interface FoundResource {
  /** The construct's id, without the hash that CDK adds. */
  readonly name: string
  readonly Type: string
  readonly Properties: Properties
  readonly Metadata?: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: string
  readonly UpdateReplacePolicy?: string
}

const templates = new Map<string, Template>()

/**
 * Synthesizes once for each set of settings. Nothing is bundled.
 *
 * @param settings texts as `-c name=value` gives them.
 */
export function synthesizedTemplate(settings: Readonly<Record<string, string>> = {}): Template {
  const key = JSON.stringify(Object.entries(settings).sort())
  const template = templates.get(key) ?? synthesize(settings)
  templates.set(key, template)
  return template
}

function synthesize(settings: Readonly<Record<string, string>>): Template {
  const app = new App({ context: { ...CONTEXT, 'aws:cdk:bundling-stacks': [] } })
  try {
    return Template.fromStack(new SearchSessionCtrStack(app, 'Tested', readSettings(settings)))
  } finally {
    rmSync(app.outdir, { recursive: true, force: true })
  }
}

/** Runs the app with its checks, as the command line does. Nothing is bundled. */
export function checkedApp(
  settings: Readonly<Record<string, string>>,
  add: (stack: Stack) => void = () => {},
): Finding[] {
  const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-checked-'))
  const app = new App({ outdir: folder, context: { ...CONTEXT, 'aws:cdk:bundling-stacks': [] } })
  addChecks(app)
  add(new SearchSessionCtrStack(app, 'Checked', readSettings(settings)))
  try {
    return synthesizedFindings(app)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The rules that one check found broken. */
export interface Finding {
  readonly check: string
  readonly rules: readonly string[]
}

function synthesizedFindings(app: App): Finding[] {
  try {
    app.synth()
  } catch (error) {
    if ((error as Error).name !== 'ValidationFailed') throw error
  }
  const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8')) as {
    pluginReports: { pluginName: string; violations: { ruleName: string }[] }[]
  }
  return report.pluginReports.map(({ pluginName, violations }) => ({
    check: pluginName,
    rules: violations.map(({ ruleName }) => ruleName),
  }))
}

export function resourcesOf(template: Template, type: string): FoundResource[] {
  const found = Object.entries(template.findResources(type)) as [string, Omit<FoundResource, 'name'>][]
  return found.map(([id, resource]) => ({ ...resource, name: withoutHash(id) }))
}

/** Returns the one resource of a type whose construct has this id. */
export function resource(template: Template, type: string, name: string): FoundResource {
  const found = resourcesOf(template, type).filter((candidate) => candidate.name === name)
  const [only] = found
  if (only === undefined || found.length > 1) throw new Error(`${found.length} resources ${name} of ${type}`)
  return only
}

function withoutHash(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '')
}

/** Writes a value with references as text: `Sessions.Arn/index/by_hour`; `Sessions` for a Ref. */
export function referenceText(value: Properties): string {
  if (typeof value === 'string') return value
  if (value.Ref !== undefined) return withoutHash(value.Ref)
  if (value['Fn::GetAtt'] !== undefined) return `${withoutHash(value['Fn::GetAtt'][0])}.${value['Fn::GetAtt'][1]}`
  if (value['Fn::Join'] !== undefined) return value['Fn::Join'][1].map(referenceText).join(value['Fn::Join'][0])
  throw new Error(`a test cannot read ${JSON.stringify(value)}`)
}

export interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: Properties
  readonly Condition?: Properties
  readonly Principal?: Properties
}

/** All statements of the policies attached to a role. */
export function statementsOf(template: Template, role: string): Statement[] {
  return resourcesOf(template, 'AWS::IAM::Policy')
    .filter(({ Properties }) => Properties.Roles.map(referenceText).includes(role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
}

/** Returns the allowed actions, each as `action on resource`, sorted. */
export function permissionsOf(statements: readonly Statement[]): string[] {
  return statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) => [Resource].flat().map((on: Properties) => `${action} on ${referenceText(on)}`)),
    )
    .sort()
}
