// Roles of a template: the role of a function in, the statements of all policies that are attached to it out.

import type { References } from './references.ts'
import type { Resource, Template } from './template.ts'

export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  /** With `*` and `?` for what may be anything. */
  readonly actions: readonly string[]
  readonly resources: readonly string[]
}

const POLICIES = new Set(['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'])

/** @param role the function's `Role`. One that is not in the template says nothing of what it allows. */
export function readStatements(role: unknown, template: Template, references: References): Statement[] {
  const id = (role as { 'Fn::GetAtt'?: readonly [string, string] } | undefined)?.['Fn::GetAtt']?.[0]
  if (id === undefined) return []
  const attached = Object.values(template.Resources).filter(
    ({ Type, Properties }) =>
      POLICIES.has(Type) && (Properties.Roles ?? []).some((ref: { Ref?: string }) => ref.Ref === id),
  )
  const documents = [...attached.map(({ Properties }) => Properties), ...inlinePolicies(template.Resources[id])]
  return documents.flatMap(({ PolicyDocument }) =>
    [PolicyDocument.Statement].flat().flatMap((sent: SentStatement) => readStatement(sent, references)),
  )
}

function inlinePolicies(role: Resource | undefined): { readonly PolicyDocument: { readonly Statement: unknown } }[] {
  return role?.Properties?.Policies ?? []
}

interface SentStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action?: string | readonly string[]
  readonly Resource?: unknown
  readonly Condition?: unknown
}

/**
 * Conditions are about networks, keys and other services, none of which is here: what is allowed is taken to meet them,
 * what is denied not to. For the same reason nothing is said of keys.
 */
function readStatement(sent: SentStatement, references: References): Statement[] {
  const { Effect, Action, Resource: on, Condition } = sent
  if (Action === undefined || on === undefined) {
    throw new Error(`the local run cannot read a statement without Action and Resource: ${JSON.stringify(sent)}`)
  }
  const actions = [Action].flat().filter((action) => !action.startsWith('kms:'))
  if (actions.length === 0 || (Effect === 'Deny' && Condition !== undefined)) return []
  return [{ effect: Effect, actions, resources: [on].flat().map(references.text) }]
}
