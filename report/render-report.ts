// Renders a report as one HTML file, with its style and its script.

import { browserScript, REPORT_SCRIPT, reportStyle } from './page-assets.ts'
import type { ReportData } from './report-data.ts'
import { reportHtml } from './report-html.ts'

export function renderReport(data: ReportData): string {
  return reportHtml(data, { style: reportStyle(), script: browserScript(REPORT_SCRIPT) })
}
