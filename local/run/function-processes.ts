// Starts all functions of the template, each with an access key of its own.

import { OPTIONAL_CLIENT_VARIABLES, OPTIONAL_ROLLUP_VARIABLES } from '../../functions/contract.ts'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import { LOCAL_ENVIRONMENT } from '../emulators/clients.ts'
import { type FunctionProcess, startFunction } from '../lambda/function-process.ts'
import { chaotic } from '../proxy/chaos.ts'
import { accessKeyId, type EnforcedRoles } from '../proxy/enforced-roles.ts'
import type { FunctionEndpoints } from '../proxy/proxies.ts'
import type { RequestRules } from '../proxy/request-rules/request-rules.ts'
import type { FunctionSpec } from '../template/pipeline-spec.ts'

/**
 * Returns the functions by name.
 *
 * @param folder the folder of the synthesized app.
 */
export function startFunctions(
  specs: readonly FunctionSpec[],
  folder: string,
  endpoints: FunctionEndpoints,
  { roles, rules }: { readonly roles: EnforcedRoles; readonly rules: RequestRules },
  chaosRate: number,
  onLine: (line: string) => void,
): Map<string, FunctionProcess> {
  const start = (spec: FunctionSpec): FunctionProcess => {
    const variables = {
      ...LOCAL_ENVIRONMENT,
      // The emulators write an index together with its table.
      [OPTIONAL_ROLLUP_VARIABLES.indexLagMs]: '0',
      // With injected faults some answers never come, and waiting for those takes long.
      ...(chaosRate === 0 && { [OPTIONAL_CLIENT_VARIABLES.answerMs]: String(MINUTE_MS) }),
      AWS_ACCESS_KEY_ID: accessKeyId(spec.name),
      AWS_ENDPOINT_URL_KINESIS: endpoints.kinesis,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_S3: endpoints.s3,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secrets,
    }
    const started = chaotic(startFunction(spec, folder, variables, onLine), chaosRate)
    return rules.checkedOn(roles.enforcedOn(started))
  }
  return new Map(specs.map((spec) => [spec.name, start(spec)]))
}
