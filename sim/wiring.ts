// Defines the parts of one run that the simulated functions share.

import type { RowRules } from '../functions/domain/results/search-rows.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { Control } from './controls.ts'
import type { IngestProcesses } from './ingest-processes.ts'
import type { Stores } from './stores.ts'
import type { Watch } from './watch.ts'
import type { World } from './world.ts'

export interface Wiring {
  readonly world: World
  readonly stores: Stores
  readonly watch: Watch
  readonly rules: Rules
  readonly rowRules: RowRules
  /** How many values of a label the sums of the run name at most. */
  readonly segmentValuesMax: number
  /** The wrong design that the run tries; null to run the pipeline as it is. */
  readonly control: Control | null
  /** The first copy of each event, for the control `first-copy-wins`. */
  readonly firstCopies: Map<string, unknown>
  readonly processes: IngestProcesses
  /** The age at which the poller gives a record up. */
  readonly recordAgeMsMax: number
}
