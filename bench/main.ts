// The bench's command line: arguments in, parts of it run, an exit code out.

// As in the other commands: the SDK's word about Node 20 is not what one came for.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

const { runBench } = await import('./program.ts')
await runBench(process.argv)
