// What is made when it is first asked for: its making in, the same for everyone who asks out, unless that failed.

/** Who asks while it is made waits for the same; who asks after a failure has it made again. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null
      throw error
    })
    return made
  }
}
