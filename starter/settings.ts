// Lists every setting of the pipeline with its default. Remove the slashes before a name to set it.

import { Duration } from 'aws-cdk-lib/core'
import type { SearchCtrProps } from 'search-session-ctr/construct'

export const settings: SearchCtrProps = {
  // The longest pause inside a session. 30 minutes is the convention of web analytics. Allowed:
  // 1s to 1d.
  gap: Duration.minutes(30),

  // How long a session waits for events out of order. Later ones amend it. Allowed: 0ms to 1d.
  // lateness: Duration.minutes(1),

  // How late an event may still amend a closed session. A phone may be offline for a week.
  // Allowed: 0ms to 30d.
  // amendFor: Duration.days(7),

  // Amend: late events correct results. Divert: they become dead letters, and a result is
  // final. Allowed: amend, divert.
  // lateEvents: 'amend',

  // How far ahead of its arrival an event may be. One further ahead would move its user’s
  // clock. Allowed: 0ms to 1d.
  // maxClockSkew: Duration.minutes(5),

  // The earliest time of an event. An earlier one comes from epoch seconds or from a clock that
  // is not set. Allowed: 1970-01-01T00:00:00Z to 2025-01-01T00:00:00Z.
  // minEventTime: Date.parse('2000-01-01T00:00:00Z'),

  // The first ordinal of UBI clicks. 1 by UBI’s schema, but 0 in many applications. Allowed: 0,
  // 1 or application=0,application=1, up to 16 and each once.
  // ubiOrdinalsFrom: '1',

  // The most events in a session: more come from a robot, and a session has to fit in one item.
  // Allowed: 2 to 5000.
  // maxSessionEvents: 1000,

  // The longest session: a longer one comes from a robot or a kiosk. Allowed: 1m to 1d.
  // maxSessionDuration: Duration.hours(12),

  // How long a click has to keep the user away to count as satisfied. 30 seconds is the usual
  // bound of research. Allowed: 1s to 30m.
  // satisfiedDwell: Duration.seconds(30),

  // How soon the next search has to follow to count as a reformulation. A later one is more
  // often another wish. Allowed: 0ms to 30m.
  // reformulatedWithin: Duration.minutes(2),

  // The labels by whose values searches are summed. Rows have these labels, and events can have
  // more. Allowed: up to 3 different labels of a-z, 0-9, _ and - (not constructor or
  // __proto__), such as application,variant.
  // segments: 'application,variant',

  // How often the sweep runs, and so how late it may close a due session. Allowed: 1m to 1h in
  // steps of 1m.
  // sweepEvery: Duration.minutes(1),

  // How many sweeps share the due sessions. More close more a second, and 2, 4, 8 or 16 get
  // equal shares. Allowed: 1 to 16.
  // sweepers: 1,

  // The most records in one invocation. 7,500 ordinary ones are the 6 MB that Lambda passes at
  // most. Allowed: 1 to 10000.
  // batchSize: 7500,

  // How long Lambda gathers a batch, and so how much later sessions close. Each event beside
  // another of its user saves a write. Allowed: 0ms to 5m in steps of 1s.
  // batchWindow: Duration.minutes(2),

  // How many batches of one shard of the table’s stream are finalized at once. Two keep up with
  // all that a shard can hold. Allowed: 1 to 10.
  // finalizers: 2,

  // The memory of ingest, which also waits for the tables: waiting costs less with less memory.
  // Allowed: 512 to 10240.
  // ingestMemoryMb: 512,

  // The memory of the sweep, which mostly waits for the stream in a small stack. More sweepers
  // close more a second. Allowed: 512 to 10240.
  // sweepMemoryMb: 512,

  // The memory of finalize, which also waits for the tables. More finalizers handle more
  // sessions a second. Allowed: 512 to 10240.
  // finalizeMemoryMb: 512,

  // The memory of the rollup, which mostly computes: this much buys a whole core, at the same
  // price for its work. Allowed: 512 to 10240.
  // rollupMemoryMb: 1769,

  // Batched: up to 25 conditional writes in a request. Single: a request for each, with several
  // times the CPU. Allowed: batched, single.
  // writes: 'batched',

  // Provisioned costs less for steady traffic. On-demand needs no shards, and costs more while
  // idle. Allowed: provisioned, on-demand.
  // streamMode: 'provisioned',

  // The shards of a provisioned stream. Each accepts 1,000 records or 1 MB a second. Allowed: 1
  // to 500.
  // shards: 1,

  // The longest outage without loss. More than a day costs extra. Allowed: 1d to 7d in steps of
  // 1h.
  // streamRetention: Duration.days(1),

  // On-demand costs nothing while idle. Provisioned costs less for steady traffic. Allowed:
  // on-demand, provisioned.
  // tableBilling: 'on-demand',

  // How far a provisioned table may scale up its writes. Allowed: 5 to 40000.
  // tableWriteUnitsMax: 1000,

  // How far a provisioned table may scale up its reads. Allowed: 5 to 40000.
  // tableReadUnitsMax: 500,

  // How long rows stay. The default compares a month with that of the year before. Allowed: 1d
  // to 3650d in steps of 1d.
  // resultRetention: Duration.days(400),

  // Off: rows only, without index entries and sums, which `report` and `results --day` need.
  // On: sums of hours, days and queries. Allowed: on, off.
  // rollups: 'on',

  // How far the sums of hours and days may trail the rows. Allowed: 1m to 1h in steps of 1m.
  // rollupEvery: Duration.minutes(5),

  // How many rollup runs share the dirty hours. Two sum the current hour and the last one side
  // by side. Allowed: 1 to 16.
  // rollupRuns: 1,

  // How often the queries of a day are ranked, which reads all rows of the day. Allowed: 5m to
  // 1d in steps of 1m.
  // rankEvery: Duration.hours(1),

  // How many values of a label an hour and a day name. The others are summed together. Allowed:
  // 1 to 100.
  // segmentValuesMax: 50,

  // How long sums stay. They are small, and the default compares three years. Allowed: 1d to
  // 3650d in steps of 1d.
  // rollupRetention: Duration.days(1100),

  // How long you can inspect a dead letter and redrive it. Allowed: 1d to 365d in steps of 1d.
  // deadLetterRetention: Duration.days(30),

  // For trials: `cdk destroy` deletes the data too. Allowed: true, false.
  // ephemeral: false,

  // The address that receives alarms. Allowed: an e-mail address.
  // alarmEmail: 'ops@example.com',

  // Four more are resources of your account, which search-stack.ts can pass to the construct:
  // stream, encryptionKey, alarmTopic and pseudonymKey. The settings page describes them.
}
