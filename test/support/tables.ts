// Creates the tables of a test.

import type { Clients } from '../../local/emulators/clients.ts'
import { provision } from '../../local/emulators/provision.ts'
import type { TableSpec } from '../../local/template/pipeline-spec.ts'

export async function makeTables(tables: readonly TableSpec[], clients: Clients): Promise<void> {
  await provision({ streams: [], buckets: [], tables }, clients)
}
