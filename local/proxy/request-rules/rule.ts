// States what a rule of AWS's documentation is, and finds the first one that a request breaks.

export interface Rule<Checked> {
  /** Names the rule in the message that fails the run. */
  readonly name: string
  /**
   * Returns what breaks the rule, or null. The text names attributes and sizes, and no value, since
   * a value may be a user's id.
   */
  problem(checked: Checked): string | null
}

export interface Violation {
  readonly rule: string
  readonly problem: string
}

export function firstViolation<Checked>(rules: readonly Rule<Checked>[], checked: Checked): Violation | null {
  for (const rule of rules) {
    const problem = rule.problem(checked)
    if (problem !== null) return { rule: rule.name, problem }
  }
  return null
}

/** Returns the first problem of several parts, or null. */
export function firstProblem<Part>(parts: Iterable<Part>, problem: (part: Part) => string | null): string | null {
  for (const part of parts) {
    const found = problem(part)
    if (found !== null) return found
  }
  return null
}

export const KB = 1024
export const MB = 1024 * KB

/** Returns a problem such as `30 keys, and 1 to 25 are allowed`, or null. */
export function countProblem(count: number, what: string, max: number): string | null {
  return count >= 1 && count <= max ? null : `${count} ${what}, and 1 to ${max} are allowed`
}

/** Returns a problem such as `an item of 500000 bytes, and 409600 are allowed`, or null. */
export function sizeProblem(bytes: number, what: string, bytesMax: number): string | null {
  return bytes <= bytesMax ? null : `${what} of ${bytes} bytes, and ${bytesMax} are allowed`
}
