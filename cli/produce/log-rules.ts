// Finds the rules of a pipeline, which decide which events of a log it accepts.

import { readIngestEnvironment } from '../../functions/aws/runtime/environment.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import { readSettings, rulesOf } from '../../infra/read-settings.ts'
import { UserError } from '../../terminal/user-error.ts'
import { functionVariables } from '../target/function-environment.ts'
import type { Target } from '../target/target.ts'

/** The rules of a deployment that changes no setting. */
export const DEFAULT_RULES: Rules = rulesOfSettings({})

/** @param sent texts by name, as `readSettings` takes them. */
export function rulesOfSettings(sent: Readonly<Record<string, string>>): Rules {
  return rulesOf(readSettings(sent))
}

/**
 * Returns the defaults where the credentials may not read the settings of ingest, since sending
 * needs no such permission.
 */
export async function rulesOfTarget(target: Target): Promise<Rules> {
  try {
    return readIngestEnvironment(await functionVariables(target.outputs.IngestFunctionName, target)).rules
  } catch (error) {
    if (!isDenied(error)) throw error
    return DEFAULT_RULES
  }
}

/** Credentials without the function's key get no variables, which is a UserError. */
function isDenied(error: unknown): boolean {
  return error instanceof UserError || (error as Error).name === 'AccessDeniedException'
}
