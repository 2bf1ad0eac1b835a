// Lists the prices of us-east-1 in dollars, without free tiers. docs/performance.md names their
// sources.

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
  /** An hour of an on-demand stream, and a GB that is written to it and read from it once. */
  streamHour: 0.04,
  streamGb: 0.08 + 0.04,
  /** A million invocations, and a GB for a second on arm64. */
  invocations: 0.2,
  gbSecond: 0.0000133334,
  /** A thousand objects put to S3. */
  objectPuts: 0.005,
  /** A month of one metric of a CloudWatch alarm, of one own metric, and of a dashboard. */
  watchedMetric: 0.1,
  metric: 0.3,
  dashboard: 3,
  /** A processing unit of managed Flink for an hour, and a GB of its storage for a month. */
  flinkUnitHour: 0.11,
  flinkStorageGbMonth: 0.1,
} as const

export const HOURS_A_MONTH = 730
export const SECONDS_A_MONTH = HOURS_A_MONTH * 3600
/** The used share of shards, lanes and provisioned tables. The rest is for peaks. */
export const USE = 0.7

/** Returns the dollars for DynamoDB's units on demand. */
export function unitDollars(write: number, read: number): number {
  return (write * PRICES.writeUnits + read * PRICES.readUnits) / 1e6
}

/** Returns the dollars for a month of so many units a second in provisioned tables. */
export function provisionedDollars(write: number, read: number): number {
  return ((write * PRICES.writeUnitHour + read * PRICES.readUnitHour) / USE) * HOURS_A_MONTH
}

/** Returns the dollars for a month. */
export function perMonth(perSecond: number, dollarsPerMillion: number): number {
  return (perSecond * SECONDS_A_MONTH * dollarsPerMillion) / 1e6
}

/** Returns the dollars for a month of a provisioned stream. */
export function provisionedStreamDollars(shards: number, recordsPerSecond: number): number {
  return shards * PRICES.shardHour * HOURS_A_MONTH + perMonth(recordsPerSecond, PRICES.streamPuts)
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
