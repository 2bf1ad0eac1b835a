// Refuses the requests that a function's role does not allow, and records those that it does.

import { UserError } from '../../terminal/user-error.ts'
import type { FunctionProcess } from '../lambda/function-process.ts'
import type { PipelineSpec } from '../template/pipeline-spec.ts'
import { authorize, type Denial, denialText } from './authorization.ts'
import type { ServiceRequest } from './needed-permissions.ts'
import { type Refusal, refusalOf } from './proxy.ts'

export interface EnforcedRoles {
  /**
   * Returns AWS's answer to a request that the caller's role does not allow, or null if it does.
   *
   * @param streamOf returns the ARN of the stream that an iterator reads, or null if it is unknown.
   */
  refusal(caller: string, request: ServiceRequest, streamOf?: (iterator: string) => string | null): Refusal | null
  /** The permissions that each function used, by its name. See `Authorization.used`. */
  calls(): ReadonlyMap<string, ReadonlySet<string>>
  /** Rejects with a UserError at the first refused request, and never resolves. */
  readonly denied: Promise<never>
  /** Makes a function fail after the first refused request, since retries would be refused too. */
  enforcedOn(invoked: FunctionProcess): FunctionProcess
}

/**
 * Returns the access key id by which a proxy recognizes the function. The emulators accept only
 * letters and digits.
 */
export function accessKeyId(functionName: string): string {
  return functionName.replace(/[^A-Za-z0-9]/g, '')
}

export function enforceRoles({ functions, titles }: Pick<PipelineSpec, 'functions' | 'titles'>): EnforcedRoles {
  const callers = new Map(functions.map((spec) => [accessKeyId(spec.name), spec]))
  const calls = new Map(functions.map(({ name }) => [name, new Set<string>()]))
  let firstDenial: UserError | null = null
  let reject: (reason: UserError) => void = () => {}
  const denied = new Promise<never>((_, rejected) => {
    reject = rejected
  })
  denied.catch(() => {})
  const failIfDenied = (): void => {
    if (firstDenial !== null) throw firstDenial
  }
  return {
    refusal: (caller, request, streamOf = () => null) => {
      const spec = callers.get(caller)
      const name = spec?.name ?? 'a caller that is no function'
      const { used, denial } = authorize(spec?.statements ?? [], request, streamOf)
      for (const use of used) calls.get(name)?.add(use)
      if (denial === null) return null
      // A stray request shows no mistake of the stack, so the run goes on.
      if (spec === undefined) return toRefusal(name, denial, request.service)
      firstDenial ??= new UserError(denialText(titles.get(name) ?? name, denial, titles))
      reject(firstDenial)
      return toRefusal(name, denial, request.service)
    },
    calls: () => calls,
    denied,
    enforcedOn: (invoked) => ({
      ...invoked,
      invoke: async (event) => {
        failIfDenied()
        return invoked.invoke(event).finally(failIfDenied)
      },
    }),
  }
}

function toRefusal(caller: string, { action, resource }: Denial, service: ServiceRequest['service']): Refusal {
  const message = `User: ${caller} is not authorized to perform: ${action} on resource: ${resource ?? '*'}`
  if (service !== 's3') return refusalOf(400, 'AccessDeniedException', message)
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>${text}</Message></Error>`
  return { status: 403, contentType: 'application/xml', body }
}
