// Types the events that a TypeScript producer may send; the JSON Schema and ingest accept the same.

interface CommonInput {
  /**
   * The user's id: 1 to 256 characters, or an integer. No blank text, and none that stands for
   * no one, such as `null` or a UUID of zeros.
   */
  readonly user: string | number
  /**
   * ISO 8601 with a zone, or epoch milliseconds, in 2000 or later. Without a time, an event has the
   * arrival time of its record. The producer library adds the current time.
   */
  readonly time?: string | number | null
  /**
   * 1 to 128 characters, or an integer, unique for the user and type: ingest drops a second event
   * with the same id. Without an id, an event has a digest of its fields and time. The producer
   * library adds a random id.
   */
  readonly eventId?: string | number | null
}

interface SearchIdInput {
  /** 1 to 128 characters, or an integer. A Search, its Results and its clicks share it. */
  readonly searchId?: string | number | null
}

/** The app opens or closes, or the user times out. */
export interface AppInput extends CommonInput {
  /** `AppClose` and `Timeout` end the session that they belong to. */
  readonly type: 'AppOpen' | 'AppClose' | 'Timeout'
}

export interface SearchInput extends CommonInput, SearchIdInput {
  readonly type: 'Search'
  /** The query as the user typed it. It may be empty. Ingest truncates it to 1,024 characters. */
  readonly query: string
  /**
   * At most 8, by which results can be split: the application, or the variant of a test. Names have
   * 1 to 32 characters of a-z, 0-9, _ and -; values at most 64 characters.
   */
  readonly labels?: Readonly<Record<string, string | null>> | null
}

/** The results of a search: the items, their number, or both. */
export type ResultsInput = CommonInput &
  SearchIdInput & { readonly type: 'Results' } & (
    | {
        /** At most 1,000 items in the order in which the user saw them. */
        readonly items: readonly (string | number)[]
        /** The number of results on all pages, not 0 beside items. By default, that of `items`. */
        readonly resultCount?: number | null
        /** Results before the first of `items`. By default, earlier lists show it. */
        readonly offset?: number | null
      }
    | { readonly items?: null; readonly resultCount: number }
  )

export interface ClickInput extends CommonInput, SearchIdInput {
  readonly type: 'ClickResult'
  /** The item's id in `items`: 1 to 512 characters, or an integer. */
  readonly item: string | number
  /** The first result is at 1. By default, the item's rank in the `items` of its search. */
  readonly position?: number | null
}

export type EventInput = AppInput | SearchInput | ResultsInput | ClickInput
