// Holds the settings of every part of the bench: the defaults of a deployment.

import { readPipelineSettings, rowRulesOf, rulesOf } from '../infra/read-settings.ts'

export const DEPLOYED = readPipelineSettings({})

export const BENCH_SETTINGS = {
  rules: rulesOf(DEPLOYED),
  rowRules: rowRulesOf(DEPLOYED),
  sweepEveryMs: DEPLOYED.sweepEvery,
  resultRetentionMs: DEPLOYED.resultRetention,
}
