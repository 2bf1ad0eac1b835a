// Turns the settings of the session rules into a function's environment variables.

import { type Environment, RULE_VARIABLES } from '../functions/contract.ts'
import type { PipelineSettings } from './settings.ts'

export function ruleEnvironment(settings: PipelineSettings): Environment<typeof RULE_VARIABLES> {
  return {
    [RULE_VARIABLES.gapMs]: String(settings.gap),
    [RULE_VARIABLES.latenessMs]: String(settings.lateness),
    [RULE_VARIABLES.amendForMs]: String(settings.amendFor),
    [RULE_VARIABLES.lateEvents]: settings.lateEvents,
    [RULE_VARIABLES.maxClockSkewMs]: String(settings.maxClockSkew),
    [RULE_VARIABLES.minEventTimeMs]: String(settings.minEventTime),
    [RULE_VARIABLES.ubiOrdinalsFrom]: settings.ubiOrdinalsFrom,
    [RULE_VARIABLES.maxSessionEvents]: String(settings.maxSessionEvents),
    [RULE_VARIABLES.maxSessionDurationMs]: String(settings.maxSessionDuration),
    [RULE_VARIABLES.resultRetentionMs]: String(settings.resultRetention),
  }
}
