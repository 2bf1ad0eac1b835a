// Creates the stack of this app. `npx cdk deploy` deploys it.

import { App } from 'aws-cdk-lib/core'
import { SearchStack } from './search-stack.ts'

// Commands of search-session-ctr find a stack of this name without the option --stack.
new SearchStack(new App(), 'SearchSessionCtr')
