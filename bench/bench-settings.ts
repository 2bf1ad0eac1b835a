// Holds the settings of every part of the bench: the defaults of a deployment.

import { readPipelineSettings, rulesOf, successRulesOf } from '../infra/read-settings.ts'

export const DEPLOYED = readPipelineSettings({})

export const BENCH_SETTINGS = {
  rules: rulesOf(DEPLOYED),
  success: successRulesOf(DEPLOYED),
  sweepEveryMs: DEPLOYED.sweepEvery,
  resultRetentionMs: DEPLOYED.resultRetention,
}
