// Tests the section of variants: intervals around no difference, its texts, and its tables.

import { describe, expect, it } from 'vitest'
import { METRIC_NAMES } from '../../compare/metric.ts'
import { renderReport } from '../../report/render-report.ts'
import { readReport } from '../../report/report-data.ts'
import { variantsSection } from '../../report/variant-charts.ts'
import { reportPorts, wanted } from '../support/report-log.ts'
import { reportVariants } from '../support/variants.ts'

const THREE = [
  { name: 'A', rate: 0.3 },
  { name: 'B', rate: 0.5 },
  { name: 'C', rate: 0.4, effectiveUsers: 3 },
]

/** The drawing for wide columns of one metric. */
function drawingOf(text: string, metric: string): string {
  const figure = new RegExp(`<figure[^>]* id="variants-${metric}".*?</figure>`, 's').exec(text)?.[0] ?? ''
  return /<svg class="drawing half".*?<\/svg>/s.exec(figure)?.[0] ?? ''
}

describe('the section of variants', () => {
  it('has a figure for each metric, with a dot within its interval on the right side of 0', () => {
    const { text } = variantsSection(reportVariants(THREE))
    for (const metric of METRIC_NAMES) {
      const drawing = drawingOf(text, metric)
      const [, zero] = /<line class="rule base" x1="([\d.]+)"/.exec(drawing) ?? []
      const [, low, high] = /<line class="line" x1="([\d.]+)" x2="([\d.]+)"/.exec(drawing) ?? []
      const [, dot] = /<circle class="marker" cx="([\d.]+)"/.exec(drawing) ?? []
      const ends = [zero, low, dot, high].map(Number)
      expect(ends).toEqual(ends.toSorted((a, b) => a - b))
      expect(new Set(ends).size).toBe(4)
    }
  })

  it('states in words and in the table what each drawing shows, and what cannot be compared', () => {
    const { text } = variantsSection(reportVariants(THREE, ['7 searches have no variant.']))
    expect(text).toContain('The click-through rate of B is higher than that of A, by ')
    expect(text).toContain('This traffic is too little to compare C with A')
    expect(text).toContain('<th scope="row">A</th><td class="number">6,400</td>')
    expect(drawingOf(text, 'ctr')).toContain('cannot be compared')
    expect(text).toContain('7 searches have no variant.')
  })

  it('escapes the names of variants', () => {
    const { text } = variantsSection(
      reportVariants([
        { name: '<b>&', rate: 0.3 },
        { name: '"><img src=x>', rate: 0.4 },
      ]),
    )
    expect(text).not.toMatch(/<b>|<img/)
    expect(text).toContain('&lt;b&gt;&amp;')
  })

  it('draws up to twelve variants, and has all of them in the table', () => {
    const many = Array.from({ length: 30 }, (_, n) => ({ name: `v${n}`, rate: 0.3 }))
    const { text } = variantsSection(reportVariants(many))
    expect(drawingOf(text, 'ctr').match(/<g>/g)).toHaveLength(12)
    expect(text.match(/<th scope="row">v\d+<\/th>/g)).toHaveLength(30 * METRIC_NAMES.length)
  })

  it('is in a report that compares a label, and in no other', async () => {
    const data = await readReport(reportPorts([]), wanted({ from: '2026-03-02', to: '2026-03-02' }))
    expect(renderReport(data)).not.toContain('id="variants"')
    const page = renderReport({ ...data, variants: reportVariants(THREE) })
    expect(page).toContain('<a href="#variants">Variants</a>')
    expect(page).toContain('<h2 id="variants">Variants</h2>')
  })
})
