// Runs in a process of its own, as Lambda's runtime does: a bundle's path as argument, an invocation's event in, its reply out.

const { handler } = await import(process.argv[2])

process.on('message', async ({ id, event, deadlineMs }) => {
  const context = { getRemainingTimeInMillis: () => deadlineMs - Date.now() }
  try {
    process.send({ id, reply: (await handler(event, context)) ?? null })
  } catch (error) {
    process.send({ id, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  }
})

process.send({ ready: true })

// Nobody is left to invoke it.
process.on('disconnect', () => process.exit())
