// Lists the words that the project has given up, with the word that replaced each.

export interface RetiredWord {
  /** Matches in comments, messages and pages, which are in lower case; `aName` is "a name". */
  readonly inProse: RegExp
  /** Matches in identifiers and file names; without it, `inProse` does. */
  readonly inNames?: RegExp
  readonly instead: string
  /** Uses that are right everywhere. */
  readonly rightAs?: readonly RegExp[]
  /** Files in which the word is right. */
  readonly rightIn?: RegExp
}

const NEVER = /(?!)/

/** Places that speak of CloudWatch's alarms. */
const ABOUT_ALARMS =
  /^(test\/)?(infra|starter|cli\/doctor|cli\/command-table|cli\/commands\/doctor)|^docs\/(operations|metrics|settings|cli|glossary|decisions)|^[A-Z]+\.md$/

export const RETIRED_WORDS: readonly RetiredWord[] = [
  {
    inProse: /\balarms?\b/,
    instead: 'a user has a timer',
    rightAs: [/cloud ?watch('s)? alarms?|alarm definitions?|\bfalse alarms?\b|\b(describe|metric|composite) alarms?/g],
    rightIn: ABOUT_ALARMS,
  },
  {
    inProse: /\blook(s|ed|ing)?\b(?! (up|like|alike|for)\b)/,
    instead: 'a timer fires; a reader reads or checks',
    rightAs: [/\b(look ups?)\b/g],
  },
  { inProse: /\bheld until\b/, instead: 'notBefore' },
  { inProse: /\bagain ms\b/, inNames: /^again$|\bagain ms\b/, instead: 'rescheduled', rightIn: /^(?!functions\/)/ },
  { inProse: /\btouch(es|ed|ing)?\b/, instead: 'a dirty hour is marked; ranges overlap or are affected' },
  {
    inProse: NEVER,
    inNames: /\bsettle[sd]?\b/,
    instead: 'clear',
    rightAs: [/\b(all|promise) settled/g],
    // Promises settle there.
    rightIn: /^local\//,
  },
  {
    inProse:
      /\b(marks|unmarked|(the|a|an|its|their|this|of|no|such|whose) mark)\b(?! (it|them|the|an?|each|every|all)\b)/,
    inNames: /\bmarks\b|\bunmarked\b|\bis mark\b|\bmark (length|of)\b|(item|event|session|query|click) mark\b/,
    instead: 'fingerprint (of an item) or tombstone (of a session)',
    rightAs: [
      /\b(quotation|question|exclamation|tick|high-water) marks?\b/g,
      /\b(and|it|which|that|finalize) marks\b/g,
    ],
    // Marks of a chart, and those of dirty hours.
    rightIn: /^(test\/)?report\/|^functions\/(finalize|rollup)\/|^docs\/design\/rollups/,
  },
  { inProse: /\babsorb(s|ed|ing)?\b/, instead: 'merged into another; its tombstone' },
  {
    inProse: /(?<!dead[ -])\bletters?\b/,
    instead: 'dead letter',
    rightAs: [
      /\b((lower|upper)[- ]?case|capital) letters?\b/g,
      /\bletters?(,| and| or) digits?\b|\bdigits? (and|or) letters?\b|\ba letter first\b/g,
      // The rules are E, S, C and R.
      /\brules[- ]have[- ]letters\b|\bletters of the rules\b|\bnumbered by letter\b/g,
    ],
  },
  { inProse: /\bnear(by)?\b(?! \d)/, instead: 'neighbours', rightAs: [/\bnear[ -]miss(es)?\b/g] },
  {
    inProse: /\b(re)?cuts?\b|\bcutting\b|\brecuts?\b/,
    instead: 'limitedBy, resessionize, split or truncated',
    rightAs: [/\bcut (reason )?over\b/g],
  },
  {
    inProse: /\b(its|the|whose|their|a|this|which|same) places? (in|of|where)\b|\bplaces? in (a|the) (record|list)/,
    inNames: /\bplaces?\b/,
    instead: 'subSequence (in a record) or rank (in a list)',
    rightAs: [/\bdecimal places?\b|\bplace tokens\b|\bplaced\b/g],
  },
  { inProse: /\b(tells?|told|telling|says)\b/, instead: 'report, emit, print, show' },
  { inProse: /\bmishaps?\b/, instead: 'fault' },
  {
    inProse: /\bgateways?\b/,
    instead: 'proxy',
    rightAs: [/\b(api|bad|aws|storage|http|vpc) ?gateways?\b|\bgateway (timeout|endpoint|port)s?\b/g],
  },
  { inProse: /\btroubles?\b/, instead: 'finding (doctor) or alarm definition' },
  { inProse: /\bkept\b|\bkeeps? until\b/, instead: 'stored, retained; a running pipeline; expiresAt' },
  { inProse: NEVER, inNames: /\bjudged?s?\b/, instead: 'candidates, decide' },
  { inProse: /\btaken in\b/, inNames: /\btaken in\b|\btakes in\b/, instead: 'applyGeneral, applied' },
  { inProse: /\bunfit\b/, instead: 'rejected' },
  { inProse: /\bin the way\b/, instead: 'evictions' },
  {
    inProse: NEVER,
    inNames: /\broom for\b|^rooms?$/,
    instead: 'planCapacity, CapacityPlan',
    rightIn: /^producer\/|^test\/(support\/)?layers/,
  },
  { inProse: NEVER, inNames: /\binvolved\b/, instead: 'affected' },
  {
    inProse: /\baccounts? of (a|the|each|every) (local )?runs?\b|\baccount\.ts\b/,
    inNames: /\baccount (of )?run\b/,
    instead: 'reconcile, summary',
  },
  {
    inProse: /\b(its|the|whose|a) reach\b|\breach of\b/,
    inNames: /\breach\b/,
    instead: 'lastAffectingTime',
  },
  {
    inProse: /\bstamp(s|ed|ing)?\b/,
    instead: 'compactTime, metadata or prepared event',
    rightAs: [/\btime stamps?\b/g],
  },
  { inProse: /\bchances?\b/, instead: 'random' },
  { inProse: /\bplay(s|ed|er|ers|ing)?\b/, instead: 'replay' },
  { inProse: /\bstore conflict\b/, instead: 'VersionConflictError' },
  { inProse: /\bkeys unread\b/, instead: 'UnprocessedKeysError' },
  { inProse: /\bfield problems?\b/, instead: 'FieldError' },
  { inProse: NEVER, inNames: /^event rejected$|^events not sent$/, instead: 'an error class ends in Error' },
  { inProse: /\b(whoever|whomever|nobody)\b/, instead: 'name the actor' },
]
