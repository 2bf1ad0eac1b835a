// Measures items and attribute values as DynamoDB does.

/** An attribute in the JSON of DynamoDB's API, such as `{ S: 'text' }`. */
export type AttributeValue = Readonly<Record<string, unknown>>
export type Attributes = Readonly<Record<string, AttributeValue>>

const CONTAINER_BYTES = 3
const ELEMENT_BYTES = 1

/**
 * The page "DynamoDB item sizes and formats" has these sizes. Names and strings count in UTF-8, and
 * binary values without base64. A number has a byte for two digits and one more. A list or map has
 * three bytes and one for each element.
 */
export function attributesBytes(attributes: Attributes): number {
  let bytes = 0
  for (const name in attributes) bytes += Buffer.byteLength(name) + valueBytes(attributes[name] as AttributeValue)
  return bytes
}

export function valueBytes(value: AttributeValue): number {
  const [type = ''] = Object.keys(value)
  const held = value[type]
  switch (type) {
    case 'S':
      return Buffer.byteLength(held as string)
    case 'N':
      return numberBytes(held as string)
    case 'B':
      return Buffer.byteLength(held as string, 'base64')
    case 'M': {
      const members = held as Attributes
      return CONTAINER_BYTES + ELEMENT_BYTES * Object.keys(members).length + attributesBytes(members)
    }
    case 'L':
      return (held as AttributeValue[]).reduce((sum, one) => sum + ELEMENT_BYTES + valueBytes(one), CONTAINER_BYTES)
    case 'SS':
    case 'NS':
    case 'BS':
      return (held as string[]).reduce((sum, one) => sum + valueBytes({ [type.slice(0, 1)]: one }), 0)
    default:
      return 1
  }
}

function numberBytes(text: string): number {
  return Math.ceil((readNumber(text)?.digits.length ?? 0) / 2) + 1
}

export interface DecimalNumber {
  readonly isNegative: boolean
  /** The significant digits, without zeros at the ends; empty for zero. */
  readonly digits: string
  /** The power of ten of the first of these digits; 0 for zero. */
  readonly exponent: number
}

/** Returns null if the text is no number. */
export function readNumber(text: string): DecimalNumber | null {
  const groups = /^(?<sign>[+-]?)(?<whole>\d*)(?:\.(?<fraction>\d*))?(?:[eE](?<power>[+-]?\d+))?$/.exec(text)?.groups
  const { sign, whole = '', fraction = '', power = '0' } = groups ?? {}
  const all = whole + fraction
  if (all === '') return null
  const significant = all.replace(/^0+/, '')
  if (significant === '') return { isNegative: false, digits: '', exponent: 0 }
  const leadingZeros = all.length - significant.length
  return {
    isNegative: sign === '-',
    digits: significant.replace(/0+$/, ''),
    exponent: whole.length - leadingZeros - 1 + Number(power),
  }
}

/** A value of a request, and the attribute that holds it. The attribute itself has the depth 1. */
export interface NestedValue {
  readonly attribute: string
  readonly value: AttributeValue
  readonly depth: number
}

/** Returns the values of the attributes and all values inside them. */
export function nestedValues(attributes: Attributes): NestedValue[] {
  const found: NestedValue[] = []
  const visit = (attribute: string, value: AttributeValue, depth: number): void => {
    found.push({ attribute, value, depth })
    if (value.L !== undefined) for (const one of value.L as AttributeValue[]) visit(attribute, one, depth + 1)
    if (value.M === undefined) return
    for (const one of Object.values(value.M as Attributes)) visit(attribute, one, depth + 1)
  }
  for (const attribute in attributes) visit(attribute, attributes[attribute] as AttributeValue, 1)
  return found
}
