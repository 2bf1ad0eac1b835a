// The outputs of a stack, as the commands read them: nothing in, made-up names out.

export const OUTPUTS = {
  StreamName: 'the-stream',
  ResultsTableName: 'the-results',
  SessionsTableName: 'the-sessions',
  DeadLetterBucketName: 'the-letters',
  IngestFunctionName: 'the-ingest',
  SweepFunctionName: 'the-sweep',
  FinalizeFunctionName: 'the-finalize',
  RollupFunctionName: 'the-rollup',
}
