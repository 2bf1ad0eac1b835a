// Collects the statements of all policies that the template attaches to a function's role.

import type { References } from './references.ts'
import type { Resource, Template } from './template.ts'

export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  /** Patterns: `*` matches any characters, and `?` matches one. The resources are patterns too. */
  readonly actions: readonly string[]
  readonly resources: readonly string[]
}

const POLICIES = new Set(['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'])

/**
 * @param role the function's `Role`. A role outside the template has no statements here.
 */
export function readStatements(role: unknown, template: Template, references: References): Statement[] {
  const id = (role as { 'Fn::GetAtt'?: readonly [string, string] } | undefined)?.['Fn::GetAtt']?.[0]
  if (id === undefined) return []
  const attached = Object.values(template.Resources).filter(
    ({ Type, Properties }) =>
      POLICIES.has(Type) && (Properties.Roles ?? []).some((ref: { Ref?: string }) => ref.Ref === id),
  )
  const documents = [...attached.map(({ Properties }) => Properties), ...inlinePolicies(template.Resources[id])]
  return documents.flatMap(({ PolicyDocument }) =>
    [PolicyDocument.Statement].flat().flatMap((statement: PolicyStatement) => readStatement(statement, references)),
  )
}

function inlinePolicies(role: Resource | undefined): { readonly PolicyDocument: { readonly Statement: unknown } }[] {
  return role?.Properties?.Policies ?? []
}

interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action?: string | readonly string[]
  readonly Resource?: unknown
  readonly Condition?: unknown
}

/**
 * Conditions speak of networks, keys and other services, and the local run has none of them. An
 * `Allow` therefore counts as if its condition were met, and a `Deny` as if it were not. Actions on
 * encryption keys are dropped for the same reason.
 */
function readStatement(statement: PolicyStatement, references: References): Statement[] {
  const { Effect, Action, Resource: on, Condition } = statement
  if (Action === undefined || on === undefined) {
    throw new Error(`the local run cannot read a statement without Action and Resource: ${JSON.stringify(statement)}`)
  }
  const actions = [Action].flat().filter((action) => !action.startsWith('kms:'))
  if (actions.length === 0 || (Effect === 'Deny' && Condition !== undefined)) return []
  return [{ effect: Effect, actions, resources: [on].flat().map(references.text) }]
}
