// Charts the searches by the hour of the day and by the day of the week.

import { type Bar, barDrawing } from './bar-drawing.ts'
import { chartFigure } from './chart-figure.ts'
import { HALF, NARROW } from './drawing.ts'
import type { Markup } from './markup.ts'
import { compactText, countOf, countText, shareText } from './number-text.ts'
import { daysIn, type ReportData } from './report-data.ts'

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const

/** A narrow drawing has room for the label of every third hour. */
const NARROW_LABEL_HOURS = 3

interface Habit {
  readonly label: string
  readonly shortLabel: string
  /** The text above the bar. */
  readonly text: string
  /** The name in hints and in the table. */
  readonly name: string
  readonly searches: number
}

export function searchesByHour({ searchesByHour: sums }: ReportData): Markup {
  const habits = sums.map((searches, hour): Habit => {
    const label = `${hour}`
    const name = `${label.padStart(2, '0')}:00`
    return { label, shortLabel: hour % NARROW_LABEL_HOURS === 0 ? label : '', text: '', name, searches }
  })
  return habitChart(habits, {
    id: 'searches-by-hour',
    title: 'Searches by hour of the day',
    formula: 'searches in each hour of the day (UTC), over all days',
    xLabel: 'hour of the day (UTC)',
    at: 'at',
    column: 'hour (UTC)',
  })
}

export function searchesByWeekday({ days, range }: ReportData): Markup {
  const isWhole = daysIn(range) % WEEKDAYS.length === 0
  const habits = WEEKDAYS.map((name, index): Habit => {
    const ofWeekday = days.filter(({ day }) => weekdayOf(day) === index)
    const searches = ofWeekday.reduce((sum, day) => sum + day.searches, 0)
    const label = name.slice(0, 'Mon'.length)
    return { label, shortLabel: label, text: compactText(searches), name, searches }
  })
  return habitChart(habits, {
    id: 'searches-by-weekday',
    title: 'Searches by day of the week',
    formula: `searches on each day of the week (UTC), over all days${isWhole ? '' : ', which are not whole weeks'}`,
    xLabel: 'day of the week (UTC)',
    at: 'on',
    column: 'day (UTC)',
  })
}

/** From Monday, 0. */
function weekdayOf(day: string): number {
  return (new Date(day).getUTCDay() + 6) % 7
}

interface HabitTexts {
  readonly id: string
  readonly title: string
  readonly formula: string
  readonly xLabel: string
  readonly at: 'at' | 'on'
  readonly column: string
}

function habitChart(habits: readonly Habit[], { id, title, formula, xLabel, at, column }: HabitTexts): Markup {
  const total = habits.reduce((sum, { searches }) => sum + searches, 0)
  const shareOf = (searches: number): string => shareText(total === 0 ? null : searches / total)
  const textOf = ({ searches }: Habit): string => `${countOf(searches, 'search', 'searches')}, ${shareOf(searches)}`
  const bars = habits.map(
    (habit): Bar => ({ ...habit, value: habit.searches, hint: `${habit.name}: ${textOf(habit)}`, style: 'plain' }),
  )
  const most = habits.reduce((best, habit) => (habit.searches > best.searches ? habit : best))
  return chartFigure({
    id,
    title,
    formula,
    drawings: [NARROW, HALF].map((size) =>
      barDrawing(size, title, bars, { xLabel, yLabel: 'searches', yUnit: 'count' }),
    ),
    summary: total === 0 ? 'No searches in this range.' : `Users searched most ${at} ${most.name}: ${textOf(most)}.`,
    legend: null,
    columns: [column, 'searches', 'share of searches'],
    rows: habits.map(({ name, searches }) => [name, countText(searches), shareOf(searches)]),
  })
}
