// Reads the statements of PartiQL that the functions send: an INSERT, or an UPDATE of one item.

import type { Attributes, AttributeValue } from './attribute-values.ts'

export interface SentStatement {
  readonly Statement: string
  readonly Parameters?: readonly AttributeValue[]
}

export interface Statement {
  readonly action: 'PartiQLInsert' | 'PartiQLUpdate'
  readonly table: string
  /** The inserted item, or the attributes that the UPDATE sets. */
  readonly written: Attributes
  /** The attributes that the WHERE names. */
  readonly where: Attributes
}

const INSERT = /^INSERT INTO "(?<table>[^"]+)" VALUE \{(?<written>[^}]*)\}$/
const UPDATE = /^UPDATE "(?<table>[^"]+)" SET (?<written>.+) WHERE (?<where>.+)$/

/** Returns null for any other statement, and for one with too few or too many parameters. */
export function readStatement({ Statement: text, Parameters: parameters = [] }: SentStatement): Statement | null {
  const inserted = INSERT.exec(text)?.groups
  const groups = inserted ?? UPDATE.exec(text)?.groups
  const written = attributeNames(groups?.written, inserted === undefined ? '=' : ':', ', ')
  const where = inserted === undefined ? attributeNames(groups?.where, '=', ' AND ') : []
  if (groups === undefined || written === null || where === null) return null
  if (written.length + where.length !== parameters.length) return null
  return {
    action: inserted === undefined ? 'PartiQLUpdate' : 'PartiQLInsert',
    table: groups.table as string,
    written: attributesOf(written, parameters),
    where: attributesOf(where, parameters.slice(written.length)),
  }
}

/** Returns null where a part is no name with a question mark. */
function attributeNames(text: string | undefined, sign: string, separator: string): string[] | null {
  const names = (text ?? '').split(separator).map((part) => /^["'](\w+)["'] ?([:=]) \?$/.exec(part.trim()))
  return names.every((match) => match !== null && match[2] === sign) ? names.map((match) => match?.[1] as string) : null
}

function attributesOf(names: readonly string[], parameters: readonly AttributeValue[]): Attributes {
  return Object.fromEntries(names.map((name, n) => [name, parameters[n] as AttributeValue]))
}
