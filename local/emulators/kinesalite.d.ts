// What this project uses of kinesalite, which ships no types.

declare module 'kinesalite' {
  import type { Server } from 'node:http'

  interface Options {
    readonly createStreamMs?: number
    readonly updateStreamMs?: number
    readonly deleteStreamMs?: number
    readonly shardLimit?: number
    /** Of a LevelDB; in memory without. */
    readonly path?: string
  }

  // biome-ignore lint/style/noDefaultExport: the package's own shape
  export default function kinesalite(options: Options): Server
}
