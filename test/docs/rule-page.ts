// Parses docs/rules.md: each rule with its settings, its example and the code that decides it.

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly Readonly<Record<string, string>>[]
}

export interface DecidingCode {
  readonly path: string
  readonly identifiers: readonly string[]
}

export interface Rule {
  /** `S3` */
  readonly id: string
  /** Values by the name of the setting. */
  readonly settings: Readonly<Record<string, string>>
  readonly events: Table
  /** The first column names the subject of a table. */
  readonly outcomes: readonly Table[]
  readonly code: readonly DecidingCode[]
}

/** Returns the rules in the page's order. Fails on a rule without an example, outcome or code. */
export function parseRules(page: string): Rule[] {
  const sections = page.split(/^### /m).slice(1)
  return sections.map((section) => parseRule(section.split(/^## /m)[0] as string))
}

function parseRule(section: string): Rule {
  const id = section.split(' ', 1)[0] as string
  const [events, ...outcomes] = section.split(/\n\n+/).filter(isTable).map(parseTable)
  const codeText = section.split(/\n\n+/).find((block) => block.startsWith('Code: ')) ?? ''
  const code = [...codeText.matchAll(/(\S+\.ts) \(([^)]+)\)/g)].map(([, path, names]) => ({
    path: path as string,
    identifiers: (names as string).split(', '),
  }))
  if (events === undefined || outcomes.length === 0) throw new Error(`${id}: no example, or no outcome`)
  if (code.length === 0) throw new Error(`${id}: no code is named`)
  return { id, settings: parseSettings(section), events, outcomes, code }
}

function isTable(block: string): boolean {
  return block.startsWith('|')
}

function parseTable(block: string): Table {
  const [columns = [], , ...rows] = block.trim().split('\n').map(cellsOf)
  return {
    columns,
    rows: rows.map((cells) => Object.fromEntries(columns.map((name, column) => [name, cells[column] ?? '']))),
  }
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1'))
}

function parseSettings(section: string): Record<string, string> {
  const line = /^Settings: (.*)$/m.exec(section)?.[1] ?? ''
  return Object.fromEntries([...line.matchAll(/`(\w+)=([\w,]+)`/g)].map(([, name, value]) => [name, value]))
}
