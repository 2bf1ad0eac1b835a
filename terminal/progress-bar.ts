// How far and how fast: bytes and events so far in, one line with a bar, the rate and the time that is left out.

const BAR_WIDTH = 24

/** @param size of all that is to come, in bytes; null where nobody knows. */
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
