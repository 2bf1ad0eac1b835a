// Reads the fields of a UBI document in nested, flat and dotted form.

import { FieldError, type Fields, isFields } from '../rejection.ts'

/** Some applications write the fields of an object and its position beside the others. */
export function flatValue(document: Fields, name: string): unknown {
  return valueAt(document, `event_attributes.${name}`) ?? document[name] ?? null
}

/**
 * The value at a path; null where there is none. Any part of the path may be one dotted name, as
 * OpenSearch takes `{"a.b": 1}` for `{"a": {"b": 1}}`. Throws FieldError where `event_attributes`
 * is no object.
 */
export function valueAt(fields: Fields, path: string): unknown {
  const value = fields[path] ?? null
  for (let dot = path.indexOf('.'); value === null && dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot)
    const inner = fields[name] ?? null
    if (inner !== null && name === 'event_attributes' && !isFields(inner))
      throw new FieldError('invalid-field', 'event_attributes: expected an object')
    const found = isFields(inner) ? valueAt(inner, path.slice(dot + 1)) : null
    if (found !== null) return found
  }
  return value
}

/** The text of an id, which may be an integer. Throws FieldError. */
export function idText(path: string, id: unknown): string {
  if (typeof id === 'string') return id
  if (Number.isSafeInteger(id)) return String(id)
  throw new FieldError('invalid-field', `${path}: expected a string or an integer`)
}
