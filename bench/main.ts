// Starts the bench with the arguments of the command line.

// The SDK reads this when it is loaded, and would warn of Node 20 on every run.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const { runBench } = await import('./program.ts')
await runBench(process.argv)
