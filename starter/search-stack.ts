// Defines the stack: one pipeline, and outputs by which the commands of search-session-ctr find it.

import { CfnOutput, Stack } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { SearchCtr } from 'search-session-ctr/construct'
import { settings } from './settings.ts'

export class SearchStack extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id, { description: 'Sessions and click-through rates from a stream of search events' })
    const pipeline = new SearchCtr(this, 'Pipeline', settings)
    // Commands read these outputs, so their names stay.
    const outputs = {
      StreamName: pipeline.stream.streamName,
      StreamArn: pipeline.stream.streamArn,
      ResultsTableName: pipeline.results.tableName,
      SessionsTableName: pipeline.sessions.tableName,
      DeadLetterBucketName: pipeline.deadLetters.bucketName,
      IngestFunctionName: pipeline.ingestFunction.functionName,
      SweepFunctionName: pipeline.sweepFunction.functionName,
      FinalizeFunctionName: pipeline.finalizeFunction.functionName,
      // With `rollups: 'off'` there is no such function.
      ...(pipeline.rollupFunction && { RollupFunctionName: pipeline.rollupFunction.functionName }),
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value })
  }
}
