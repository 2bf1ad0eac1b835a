// Builds a package before npm packs it: `main.ts [producer]`.

import { buildPackage, buildProducer, declareProducer, MAIN_FOLDER, PRODUCER_FOLDER } from './build-package.ts'

if (process.argv[2] === 'producer') {
  buildProducer(PRODUCER_FOLDER)
  declareProducer(PRODUCER_FOLDER)
} else {
  await buildPackage(MAIN_FOLDER)
}
