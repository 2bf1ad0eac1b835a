// Describes how to use a local run that `--keep` left running.

import type { LocalRun } from '../../local/run/local-run.ts'

/** @param where the option by which other commands find the pipeline. */
export function connectionText({ endpoints, outputs }: LocalRun, where: string): string {
  return `
The pipeline runs until Ctrl-C. In another terminal, in this folder, type these commands:

  npx search-session-ctr produce events.ndjson ${where}
  npx search-session-ctr sessions --user ann --open ${where}
  npx search-session-ctr drain ${where}
  npx search-session-ctr results --user ann ${where}
  npx search-session-ctr dead-letters list ${where}
  npx search-session-ctr doctor ${where}

A session closes after the gap, as on AWS; 'search-session-ctr drain' closes all sessions now.

With the AWS CLI:

  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1

  # send an event
  aws kinesis put-record --endpoint-url ${endpoints.kinesis} --stream-name ${outputs.StreamName} \\
    --partition-key ann --cli-binary-format raw-in-base64-out \\
    --data '{"type":"Search","user":"ann","query":"dogs"}'

  # read the results of user ann
  aws dynamodb query --endpoint-url ${endpoints.dynamodb} --table-name ${outputs.ResultsTableName} \\
    --key-condition-expression 'pk = :user' --expression-attribute-values '{":user":{"S":"user#ann"}}'

  # list rejected events
  aws s3 ls --endpoint-url ${endpoints.s3} --recursive s3://${outputs.DeadLetterBucketName}/

  # close all sessions now
  aws lambda invoke --endpoint-url ${endpoints.lambda} --function-name ${outputs.SweepFunctionName} \\
    --cli-binary-format raw-in-base64-out --payload '{"drain":true}' /dev/stdout

Open and closed sessions are in ${outputs.SessionsTableName}.`
}
