// The functions' roles enforced: requests of functions in, refusals as AWS words them out, and a record of what each did.

import { UserError } from '../../terminal/user-error.ts'
import type { FunctionProcess } from '../lambda/function-process.ts'
import type { PipelineSpec } from '../template/pipeline-spec.ts'
import { authorize, type Denial, denialText } from './authorization.ts'
import type { ServiceRequest } from './needed-permissions.ts'
import { type Refusal, refusalOf } from './proxy.ts'

export interface EnforcedRoles {
  /**
   * What a request is answered that the caller's role does not allow; null for one that may pass.
   *
   * @param streamOf the ARN of the stream that an iterator was handed out for.
   */
  refusal(caller: string, request: ServiceRequest, streamOf?: (iterator: string) => string | null): Refusal | null
  /** What each function did, by its name: each `action on resource`, with the resource as its role words it. */
  calls(): ReadonlyMap<string, ReadonlySet<string>>
  /** Rejects with one sentence as soon as a request was refused; never resolves. */
  readonly denied: Promise<never>
  /** A function that is not invoked any more once a request was refused: nothing would ever become better. */
  enforcedOn(invoked: FunctionProcess): FunctionProcess
}

/** By it a proxy knows who calls. Emulators take letters and digits only. */
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
