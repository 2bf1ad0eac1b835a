// The pages that are followed, in the order in which a newcomer meets them; README.md makes the log that the others use.

export const PAGES = [
  'README.md',
  'docs/tutorial.md',
  'docs/events.md',
  'docs/producers.md',
  'docs/results.md',
  'docs/settings.md',
  'docs/metrics.md',
  'docs/rules.md',
  'docs/report.md',
  'docs/cli.md',
  'docs/operations.md',
  'docs/performance.md',
] as const
