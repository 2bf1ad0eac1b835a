// Authorization as IAM does it: the statements of a role and a request in, what allows it or what it lacks out.

import { readArn } from '../template/arn.ts'
import type { Statement } from '../template/roles.ts'
import { type NeededPermission, operationText, permissionsNeeded, type ServiceRequest } from './needed-permissions.ts'

export interface Denial {
  readonly action: string
  /** Null where the request does not say which. */
  readonly resource: string | null
  /** False for an operation of which it is not known what it needs. */
  readonly isKnown: boolean
}

export interface Authorization {
  /** What was needed, each as `action on resource` with the resource as the role words it. */
  readonly used: readonly string[]
  /** The first thing that the role does not allow. */
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
 * The resource of the first statement that allows it, as the role words it; null where nothing does, or where
 * something denies it. A request that names no resource may go on where any one would do.
 */
export function allowedBy(statements: readonly Statement[], { action, resource }: NeededPermission): string | null {
  const worded = (effect: Statement['effect']): string[] =>
    statements
      .filter((statement) => statement.effect === effect)
      .filter(({ actions }) => actions.some((pattern) => matchesWildcards(pattern.toLowerCase(), action.toLowerCase())))
      .flatMap(({ resources }) => resources)
  const denied = worded('Deny')
  const isDenied = (asked: string): boolean => denied.some((pattern) => matchesWildcards(pattern, asked))
  const allowing = worded('Allow').filter((pattern) => resource === null || matchesWildcards(pattern, resource))
  return allowing.find((pattern) => !isDenied(resource ?? pattern)) ?? null
}

/** `*` stands for any characters, `?` for any one. */
export function matchesWildcards(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(text)
}

/** One sentence for who changes the stack: `Ingest may not dynamodb:PutItem on table Sessions: ...`. */
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
  // The end of an object's key is of no interest, and long.
  const part = named.service === 's3' ? named.part.replace(/\/.+$/s, '/…') : named.part.replace(/^index\//, 'index ')
  return `${part} of ${whole}`
}
