// List prices of us-east-1 in dollars: counts in, dollars out. docs/performance.md says where each price is from.

export const PRICES = {
  /** A million units on demand. */
  writeUnits: 0.625,
  readUnits: 0.125,
  /** A unit a second, provisioned, for an hour. */
  writeUnitHour: 0.00065,
  readUnitHour: 0.00013,
  /** A shard of a provisioned stream for an hour, and a million records of up to 25 KB. */
  shardHour: 0.015,
  streamPuts: 0.014,
  /** An on-demand stream for an hour, and a GB written or read; a record counts as 1 KB at least when written. */
  onDemandStreamHour: 0.04,
  onDemandGbIn: 0.08,
  onDemandGbOut: 0.04,
  /** A million invocations, and a GB for a second on arm64. */
  invocations: 0.2,
  gbSecond: 0.0000133334,
  /** A thousand puts of objects: dead letters only. */
  objectPuts: 0.005,
  /** A processing unit of managed Flink for an hour, and a GB of its storage for a month: one unit is the least, and one more is billed. */
  flinkUnitHour: 0.11,
  flinkStorageGbMonth: 0.1,
} as const

export const HOURS_A_MONTH = 730

/** Of DynamoDB, on demand, for units of one thing. */
export function unitDollars(write: number, read: number): number {
  return (write * PRICES.writeUnits + read * PRICES.readUnits) / 1e6
}

/** Of a million records in a provisioned stream whose shards are used to a share. */
export function streamDollars(shardUse: number): number {
  const recordsAnHour = 1000 * shardUse * 3600
  return PRICES.streamPuts + (PRICES.shardHour / recordsAnHour) * 1e6
}
