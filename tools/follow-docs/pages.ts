// Lists the pages with commands to type, in the order in which a newcomer meets them.

/** README.md makes the log that the other pages use, so it comes first. */
export const PAGES = [
  'README.md',
  'docs/tutorial.md',
  'docs/events.md',
  'docs/producers.md',
  'docs/report.md',
  'docs/metrics.md',
  'docs/watch.md',
  'docs/results.md',
  'docs/cli.md',
  'docs/operations.md',
  'docs/troubleshooting.md',
] as const
