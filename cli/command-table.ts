// Lists the commands. Each is loaded when it is called, since its imports take most of a start.

import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'

export interface CommandEntry {
  readonly name: string
  /** Describes the command in the help of the program and in its own. */
  readonly summary: string
  /** Returns the function that adds options and the action to the command of this name. */
  load(): Promise<(command: Command, terminal: Terminal) => void>
}

export interface CommandGroup {
  /** Heads the group in the help of the program. Null leaves its commands out of the help. */
  readonly heading: string | null
  readonly commands: readonly CommandEntry[]
}

export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {
    heading: 'Begin:',
    commands: [
      {
        name: 'init',
        summary: 'write a small CDK app that deploys the pipeline',
        load: async () => (await import('./commands/init.ts')).defineInit,
      },
      {
        name: 'cost',
        summary: 'compute what a month of the events of a log costs, with the cheapest settings for it',
        load: async () => (await import('./commands/cost.ts')).defineCost,
      },
    ],
  },
  {
    heading: 'Send:',
    commands: [
      {
        name: 'produce',
        summary: 'check a log of events and send it to the stream',
        load: async () => (await import('./commands/produce.ts')).defineProduce,
      },
      {
        name: 'generate',
        summary: 'make up events: queries, result lists and clicks, some of them late or sent twice',
        load: async () => (await import('./commands/generate.ts')).defineGenerate,
      },
    ],
  },
  {
    heading: 'Read:',
    commands: [
      {
        name: 'results',
        summary: 'print result rows of a user, a day, a query or a time range: one for each search',
        load: async () => (await import('./commands/results.ts')).defineResults,
      },
      {
        name: 'sessions',
        summary: 'print the stored sessions of a user: every event, and which search each click counts for',
        load: async () => (await import('./commands/sessions.ts')).defineSessions,
      },
      {
        name: 'report',
        summary: 'write one HTML file: click-through and zero-result rates, positions, queries, sessions to explore',
        load: async () => (await import('./commands/report.ts')).defineReport,
      },
      {
        name: 'compare',
        summary: 'compare variants: rates, their difference with an interval, and what the traffic can show',
        load: async () => (await import('./commands/compare.ts')).defineCompare,
      },
      {
        name: 'tail',
        summary: 'print result rows as they are written, until Ctrl-C',
        load: async () => (await import('./commands/tail.ts')).defineTail,
      },
    ],
  },
  {
    heading: 'Maintain:',
    commands: [
      {
        name: 'doctor',
        summary: 'check credentials, stack, functions, lag, alarms, and mistakes of producers',
        load: async () => (await import('./commands/doctor.ts')).defineDoctor,
      },
      {
        name: 'dead-letters',
        summary: 'list, show or send again the records and events that the pipeline rejected or gave up',
        load: async () => (await import('./commands/dead-letters.ts')).defineDeadLetters,
      },
      {
        name: 'drain',
        summary: 'close every open session now, without waiting for the gap, and sum up the results',
        load: async () => (await import('./commands/drain.ts')).defineDrain,
      },
      {
        name: 'forget',
        summary: 'remove a person from sessions, results and dead letters',
        load: async () => (await import('./commands/forget.ts')).defineForget,
      },
      {
        name: 'refinalize',
        summary: 'write the result rows of closed sessions again, after finalize lost changes',
        load: async () => (await import('./commands/refinalize.ts')).defineRefinalize,
      },
    ],
  },
  {
    heading: 'On this machine:',
    commands: [
      {
        name: 'local',
        summary: 'run the deployed pipeline on this machine with a log of events',
        load: async () => (await import('./commands/local.ts')).defineLocal,
      },
      {
        name: 'watch',
        summary: 'show a local run on a live page: events, open sessions with their timers, rows and rates',
        load: async () => (await import('./commands/watch.ts')).defineWatch,
      },
      {
        name: 'demo',
        summary: "run the events of Bytewax's tutorial and a generated log, and write a report",
        load: async () => (await import('./commands/demo.ts')).defineDemo,
      },
      {
        name: 'sim',
        summary: 'simulate the pipeline with faults, and compare its results with those of the rules',
        load: async () => (await import('./commands/sim.ts')).defineSim,
      },
    ],
  },
  {
    heading: null,
    commands: [
      {
        name: 'redrive',
        summary: 'send dead letters through the functions again',
        load: async () => (await import('./commands/redrive.ts')).defineRedrive,
      },
    ],
  },
]
