// Defines the settings of a stack, each with its form and its reason.

import { type Setting, text } from './setting-kinds.ts'

/** The stack's name, unless the setting `name` gives another. */
export const STACK_NAME = 'SearchSessionCtr'

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'

/** The stack's name and tags, and the existing resources that it uses. */
export const STACK_SETTINGS = {
  name: text(
    /^[A-Za-z][A-Za-z0-9-]{0,100}$/,
    'letters, digits and dashes, a letter first',
    'the name of the stack, since one account may hold several',
  ),
  tags: text(
    /^(?!aws:)[\w.:/+@-]{1,128}=[\w.:/+@ -]{1,256}(,(?!aws:)[\w.:/+@-]{1,128}=[\w.:/+@ -]{1,256})*$/i,
    'key=value,key=value',
    'the tags of every resource in the stack',
  ),
  streamArn: arn('kinesis', 'stream\\/[\\w.-]{1,128}', 'stream/NAME', 'your own stream instead of a new one'),
  kmsKeyArn: arn(
    'kms',
    `key\\/(${UUID}|mrk-[0-9a-f]{32})`,
    'key/12345678-90ab-cdef-1234-567890abcdef',
    'your own key for the stream, the tables and the bucket',
  ),
  alarmTopicArn: arn('sns', '[\\w-]{1,256}', 'TOPIC', 'the topic that receives alarms'),
  pseudonymKeyArn: arn(
    'secretsmanager',
    'secret:[\\w/+=.@-]+-[A-Za-z0-9]{6}',
    'secret:NAME-ABC123',
    'a secret of 32 characters or more: the tables store users under a keyed hash of their id',
  ),
} as const satisfies Readonly<Record<string, Setting>>

function arn(service: string, pattern: string, example: string, why: string) {
  const resource = new RegExp(`^arn:aws[\\w-]*:${service}:[a-z0-9-]+:\\d{12}:${pattern}$`)
  return text(resource, `arn:aws:${service}:REGION:ACCOUNT:${example}`, why)
}
