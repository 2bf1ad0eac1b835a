// Turns the settings of the session rules into a function's environment variables.

import { type Environment, RULE_VARIABLES } from '../functions/contract.ts'
import { rulesOf } from './read-settings.ts'
import type { PipelineSettings } from './settings.ts'

export function ruleEnvironment(settings: PipelineSettings): Environment<typeof RULE_VARIABLES> {
  const rules = rulesOf(settings)
  const names = Object.keys(RULE_VARIABLES) as (keyof typeof RULE_VARIABLES)[]
  return Object.fromEntries(names.map((name) => [RULE_VARIABLES[name], String(rules[name])])) as Environment<
    typeof RULE_VARIABLES
  >
}
