// Compares the variants of a label by every metric, for a section of the report.

import { compareVariants } from '../../compare/comparison.ts'
import { COMPARED_METRICS, METRIC_NAMES } from '../../compare/metric.ts'
import { comparedByBuckets } from '../../compare/variants.ts'
import { dayAt } from '../../functions/domain/results/rollup.ts'
import type { ReportVariants } from '../../report/variant-charts.ts'
import { readSummedVariants, type VariantsStore, type VariantsWanted } from './summed-variants.ts'

/** Throws as `readSummedVariants` does. */
export async function readReportVariants(
  store: VariantsStore,
  wanted: VariantsWanted,
  now: Date,
): Promise<ReportVariants> {
  const { label, variants, baseline, notes } = await readSummedVariants(store, wanted, dayAt(now.getTime()))
  const metrics = METRIC_NAMES.map((name) => {
    const inputs = variants.map((variant) => comparedByBuckets(variant, COMPARED_METRICS[name]))
    return { name, comparison: compareVariants(inputs, baseline) }
  })
  return { label, metrics, notes }
}
