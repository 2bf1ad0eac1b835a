// Stands for IAM: decides whether the statements of a role allow a request.

import { readArn } from '../template/arn.ts'
import type { Statement } from '../template/roles.ts'
import { type NeededPermission, operationText, permissionsNeeded, type ServiceRequest } from './needed-permissions.ts'

export interface Denial {
  readonly action: string
  /** Null if the request does not name one. */
  readonly resource: string | null
  /** False for an operation whose permissions the local run does not know. */
  readonly isKnown: boolean
}

export interface Authorization {
  /** The permissions used, each as `action on resource`. The resource is the role's pattern. */
  readonly used: readonly string[]
  /** The first needed permission that the role does not allow. */
  readonly denial: Denial | null
}

export function authorize(
  statements: readonly Statement[],
  request: ServiceRequest,
  streamOf: (iterator: string) => string | null,
): Authorization {
  const needed = permissionsNeeded(request, streamOf)
  if (needed === null) {
    return { used: [], denial: { action: operationText(request), resource: null, isKnown: false } }
  }
  const used: string[] = []
  for (const need of needed) {
    const resource = allowedBy(statements, need)
    if (resource === null) return { used, denial: { ...need, isKnown: true } }
    used.push(`${need.action} on ${resource}`)
  }
  return { used, denial: null }
}

/**
 * Returns the role's resource pattern that allows the action, or null if no statement allows it or
 * one denies it. A request that names no resource is allowed if the role allows the action on any.
 */
export function allowedBy(statements: readonly Statement[], { action, resource }: NeededPermission): string | null {
  const resourcesOf = (effect: Statement['effect']): string[] =>
    statements
      .filter((statement) => statement.effect === effect)
      .filter(({ actions }) => actions.some((pattern) => matchesWildcards(pattern.toLowerCase(), action.toLowerCase())))
      .flatMap(({ resources }) => resources)
  const denied = resourcesOf('Deny')
  const isDenied = (named: string): boolean => denied.some((pattern) => matchesWildcards(pattern, named))
  const allowing = resourcesOf('Allow').filter((pattern) => resource === null || matchesWildcards(pattern, resource))
  return allowing.find((pattern) => !isDenied(resource ?? pattern)) ?? null
}

/** `*` matches any characters, and `?` matches one. */
export function matchesWildcards(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/**
 * Makes a sentence for the person who changes the stack: `Ingest may not dynamodb:PutItem on table
 * Sessions: its role does not allow it`.
 */
export function denialText(caller: string, denial: Denial, titles: ReadonlyMap<string, string>): string {
  const { action, resource, isKnown } = denial
  if (!isKnown) return `${caller} may not ${action}: the local run does not know what a role has to allow for it`
  return `${caller} may not ${action} on ${resourceText(resource, titles)}: its role does not allow it`
}

function resourceText(resource: string | null, titles: ReadonlyMap<string, string>): string {
  const named = resource === null ? null : readArn(resource)
  if (named === null) return resource ?? 'any resource'
  const whole = `${named.kind} ${titles.get(named.name) ?? named.name}`
  if (named.part === '') return whole
  // The rest of an object's key is long and does not matter.
  const part = named.service === 's3' ? named.part.replace(/\/.+$/s, '/…') : named.part.replace(/^index\//, 'index ')
  return `${part} of ${whole}`
}
