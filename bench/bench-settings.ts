// Holds the settings of every part of the bench: the defaults of a deployment.

import type { Rules } from '../functions/domain/sessions/rules.ts'
import { readPipelineSettings } from '../infra/read-settings.ts'
import type { PipelineSettings } from '../infra/settings.ts'

export const DEPLOYED = readPipelineSettings({})

export const BENCH_SETTINGS = {
  rules: rulesOf(DEPLOYED),
  sweepEveryMs: DEPLOYED.sweepEvery,
  resultRetentionMs: DEPLOYED.resultRetention,
}

function rulesOf(settings: PipelineSettings): Rules {
  return {
    gapMs: settings.gap,
    latenessMs: settings.lateness,
    amendForMs: settings.amendFor,
    lateEvents: settings.lateEvents,
    maxClockSkewMs: settings.maxClockSkew,
    minEventTimeMs: settings.minEventTime,
    ubiOrdinalsFrom: settings.ubiOrdinalsFrom,
    maxSessionEvents: settings.maxSessionEvents,
    maxSessionDurationMs: settings.maxSessionDuration,
    resultRetentionMs: settings.resultRetention,
  }
}
