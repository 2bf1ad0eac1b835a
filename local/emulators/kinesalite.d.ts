// Declares the part of kinesalite that this project uses, since the package ships no types.

declare module 'kinesalite' {
  import type { Server } from 'node:http'

  export interface Options {
    readonly createStreamMs?: number
    readonly updateStreamMs?: number
    readonly deleteStreamMs?: number
    readonly shardLimit?: number
    /** The folder of its LevelDB. Without a path, kinesalite stores everything in memory. */
    readonly path?: string
  }

  // biome-ignore lint/style/noDefaultExport: the package's own shape
  export default function kinesalite(options: Options): Server
}
