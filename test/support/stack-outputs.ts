// Makes up the outputs of a stack.

export const OUTPUTS = {
  StreamName: 'the-stream',
  ResultsTableName: 'the-results',
  SessionsTableName: 'the-sessions',
  DeadLetterBucketName: 'the-dead-letters',
  IngestFunctionName: 'the-ingest',
  SweepFunctionName: 'the-sweep',
  FinalizeFunctionName: 'the-finalize',
  RollupFunctionName: 'the-rollup',
}
