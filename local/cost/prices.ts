// Lists the prices of us-east-1 in dollars. docs/performance.md names the source of each.

export const PRICES = {
  /** A million units on demand. */
  writeUnits: 0.625,
  readUnits: 0.125,
  /** A provisioned unit a second for an hour. */
  writeUnitHour: 0.00065,
  readUnitHour: 0.00013,
  /** A shard of a provisioned stream for an hour, and a million records of up to 25 KB. */
  shardHour: 0.015,
  streamPuts: 0.014,

  /** A million invocations, and a GB for a second on arm64. */
  invocations: 0.2,
  gbSecond: 0.0000133334,
  /** A processing unit of managed Flink for an hour, and a GB of its storage for a month. */
  flinkUnitHour: 0.11,
  flinkStorageGbMonth: 0.1,
} as const

export const HOURS_A_MONTH = 730

/** Returns the dollars for DynamoDB's units on demand. */
export function unitDollars(write: number, read: number): number {
  return (write * PRICES.writeUnits + read * PRICES.readUnits) / 1e6
}

/**
 * Returns the dollars for a million records in a provisioned stream.
 *
 * @param shardUse the used share of a shard's 1,000 records a second.
 */
export function streamDollars(shardUse: number): number {
  const recordsAnHour = 1000 * shardUse * 3600
  return PRICES.streamPuts + (PRICES.shardHour / recordsAnHour) * 1e6
}
