// Frames a chart with its title, its formula, a summary in words and a table of its numbers.

import type { BarStyle } from './bar-drawing.ts'
import { html, type Markup } from './markup.ts'

export interface Chart {
  /** Unique on the page. */
  readonly id: string
  readonly title: string
  /** How the numbers are computed, and their unit. */
  readonly formula: string
  readonly drawings: readonly Markup[]
  /** States in words what the drawing shows. */
  readonly summary: string
  /** Explains values that are drawn in another style. Null where there are none. */
  readonly legend: { readonly style: Exclude<BarStyle, 'plain'>; readonly text: string } | null
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function chartFigure(chart: Chart): Markup {
  const { id, title, formula, drawings, summary, legend, columns, rows } = chart
  return html`
<figure class="card" id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title">${title}</h3>
<p class="formula">${formula}</p>
<div class="drawings">${drawings}</div>
<figcaption>${summary}${legend && html` <span class="legend"><span class="sample ${legend.style}" aria-hidden="true"></span> ${legend.text}</span>`}</figcaption>
<details>
<summary>Numbers<span class="visually-hidden"> of ${title}</span></summary>
<div class="scroll" role="region" tabindex="0" aria-label="Numbers of ${title}">
<table>
<thead><tr>${columns.map((column, index) => html`<th scope="col"${index > 0 && html` class="number"`}>${column}</th>`)}</tr></thead>
<tbody>${rows.map(tableRow)}</tbody>
</table>
</div>
</details>
</figure>`
}

function tableRow([first, ...cells]: readonly string[]): Markup {
  return html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td class="number">${cell}</td>`)}</tr>
`
}
