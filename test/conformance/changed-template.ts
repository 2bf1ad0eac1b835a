// Changes the synthesized template by name, and fails when there is nothing to change.

import type { Resource, Template } from '../../local/template/template.ts'
import { ALLOWED_ON_EVERY_RESOURCE, NOT_DEPLOYED } from './unsupported.ts'

interface Statement {
  Action: string | string[]
}

/** Removes what MiniStack does not deploy, and allows what it cannot tie to a resource. */
export function deployable(template: Template): Template {
  const { role, action } = ALLOWED_ON_EVERY_RESOURCE
  const changed = withoutUnsupported(template)
  statementsOf(changed, role).push({ Action: action, Effect: 'Allow', Resource: '*' } as Statement)
  return changed
}

export function withoutUnsupported(template: Template): Template {
  const { Resources: resources, ...rest } = structuredClone(template)
  const left = Object.entries(resources).filter(([id]) => !NOT_DEPLOYED.includes(withoutHash(id)))
  if (Object.keys(resources).length - left.length !== NOT_DEPLOYED.length)
    throw new Error(`the template has not all of ${NOT_DEPLOYED.join(', ')}`)
  return { ...rest, Resources: Object.fromEntries(left) }
}

/** Leaves the resource of this name alone in its template. */
export function only(template: Template, name: string): Template {
  const found = Object.entries(template.Resources).filter(([id]) => withoutHash(id) === name)
  const [[id, resource] = [], another] = found
  if (id === undefined || resource === undefined || another !== undefined)
    throw new Error(`the template has ${found.length} resources of the name ${name}`)
  return { Resources: { [id]: resource }, Outputs: {} }
}

export function withoutAction(template: Template, role: string, action: string): Template {
  const changed = structuredClone(template)
  const having = statementsOf(changed, role).filter(({ Action }) => [Action].flat().includes(action))
  if (having.length === 0) throw new Error(`${role} is not allowed to ${action}`)
  for (const statement of having) statement.Action = [statement.Action].flat().filter((allowed) => allowed !== action)
  return changed
}

function statementsOf({ Resources: resources }: Template, role: string): Statement[] {
  const policy = Object.entries(resources).find(([id]) => withoutHash(id) === `${role}DefaultPolicy`)?.[1]
  if (policy === undefined) throw new Error(`the template has no policy of ${role}`)
  return (policy as Resource).Properties.PolicyDocument.Statement
}

/** The CDK ends a logical id with eight hexadecimal digits. */
function withoutHash(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '')
}
