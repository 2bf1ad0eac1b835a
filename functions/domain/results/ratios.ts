// Computes the ratios of sums of result rows (R7). A ratio of nothing is null.

import type { CountName, Counts } from './counts.ts'

/** The ratios of searches, which exist for each query too. */
export function ratiosOf(counts: Counts) {
  const ratio = (part: CountName, whole: CountName): number | null => shareOf(counts[part], counts[whole])
  return {
    ctr: ratio('searches_with_click', 'searches'),
    clicks_per_search: ratio('clicks', 'searches'),
    zero_result_rate: ratio('zero_result_searches', 'searches'),
    abandonment_rate: ratio('abandoned_searches', 'searches'),
    average_clicked_position: ratio('clicked_position_sum', 'clicks_with_position'),
    average_time_to_first_click_ms: ratio('first_click_ms_sum', 'searches_with_click'),
  }
}

/** The satisfied rate leaves out searches of unknown satisfaction, which may be of either kind. */
export function satisfactionRatiosOf(counts: Counts) {
  const { searches = 0, unknown_satisfaction_searches: unknown = 0 } = counts
  return {
    satisfied_rate: shareOf(counts.satisfied_searches, searches - unknown),
    reformulation_rate: shareOf(counts.reformulated_searches, searches),
  }
}

export function sessionRatiosOf(counts: Counts) {
  const { sessions, sessions_with_success: successes } = counts
  return {
    session_ctr: shareOf(counts.sessions_with_click, sessions),
    average_session_duration_ms: shareOf(counts.session_duration_ms_sum, sessions),
    average_searches_to_success: shareOf(counts.searches_to_success_sum, successes),
    average_time_to_success_ms: shareOf(counts.time_to_success_ms_sum, successes),
  }
}

function shareOf(part = 0, whole = 0): number | null {
  return whole === 0 ? null : part / whole
}
