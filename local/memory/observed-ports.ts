// Wraps the ports of a run in memory, so that an observer gets what the steps store.

import type { PipelineObserver } from '../../watch/watched-pipeline.ts'
import type { StepPorts } from './memory-ports.ts'

export function observedPorts(ports: StepPorts, observer: PipelineObserver): StepPorts {
  const { sessions, results } = ports
  return {
    ...ports,
    sessions: {
      ...sessions,
      saveUser: async (user, state, ...rest) => {
        await sessions.saveUser(user, state, ...rest)
        observer.onState(user, state)
      },
      putClosed: async (closed, ...rest) => {
        await sessions.putClosed(closed, ...rest)
        observer.onClosed(closed)
      },
      putTombstone: async (user, id, ...rest) => {
        await sessions.putTombstone(user, id, ...rest)
        observer.onTombstone(user, id)
      },
    },
    results: {
      ...results,
      put: async (row, ...rest) => {
        await results.put(row, ...rest)
        observer.onRow(row)
      },
    },
  }
}
