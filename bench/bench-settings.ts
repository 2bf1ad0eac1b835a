// The settings of every part of the bench: nothing in, the defaults of a deployment as the steps take them out.

import type { Rules } from '../functions/domain/sessions/rules.ts'
import { type PipelineSettings, readPipelineSettings } from '../infra/settings.ts'

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
    maxSessionEvents: settings.maxSessionEvents,
    maxSessionDurationMs: settings.maxSessionDuration,
  }
}
