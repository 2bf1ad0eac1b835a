// Formats the progress of a log that is being sent: a bar, the rate and the remaining time.

const BAR_WIDTH = 24

/**
 * Returns a function that formats the bytes and events sent so far.
 *
 * @param size the bytes of the whole log; null where the size is unknown, as for a pipe.
 */
export function progressBar(
  size: number | null,
  nowMs: () => number = Date.now,
): (bytes: number, events: number) => string {
  const startedMs = nowMs()
  return (bytes, events) => {
    const seconds = Math.max(0.001, (nowMs() - startedMs) / 1000)
    const rate = `${events} events, ${Math.round(events / seconds)}/s`
    if (size === null || size === 0) return rate
    const share = Math.min(1, bytes / size)
    const filled = Math.round(share * BAR_WIDTH)
    const bar = '█'.repeat(filled) + '·'.repeat(BAR_WIDTH - filled)
    const leftSeconds = share === 0 ? 0 : Math.round((seconds * (1 - share)) / share)
    return `${bar} ${Math.round(share * 100)} %  ${rate}, ${clock(leftSeconds)} left`
  }
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
