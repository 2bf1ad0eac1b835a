// Reads the settings of a pipeline's function from its environment variables.

import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda'
import { UserError } from '../../terminal/user-error.ts'
import type { Target } from './target.ts'

export async function functionVariables(
  name: string,
  { clients, runningPipeline }: Pick<Target, 'clients' | 'runningPipeline'>,
): Promise<Readonly<Record<string, string>>> {
  if (runningPipeline !== null) return runningPipeline.environments[name] ?? {}
  const found = await clients.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }))
  const variables = found.Environment?.Variables
  if (variables === undefined) throw new UserError(`These credentials may not read the settings of ${name}.`)
  return variables
}
