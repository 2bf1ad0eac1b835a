// The types of an event as it is sent: what a TypeScript producer writes in, what the JSON Schema and ingest accept out.

interface Sent {
  /** Whose event it is: text of 1 to 256 characters, or an integer. */
  readonly user: string | number
  /** ISO 8601 with a zone, or epoch milliseconds. Absent: the moment of arrival, so that a copy is another event. */
  readonly time?: string | number | null
  /** 1 to 128 characters, unique for the user: an event of the same id again changes nothing. Absent: a digest of the event. */
  readonly eventId?: string | null
}

interface OfSearch {
  /** 1 to 128 characters: ties a Search, its Results and its clicks together. */
  readonly searchId?: string | null
}

/** The session begins, continues or ends; nothing is known but when. */
export interface AppInput extends Sent {
  /** `AppClose` and `Timeout` end the session that they belong to. */
  readonly type: 'AppOpen' | 'AppClose' | 'Timeout'
}

export interface SearchInput extends Sent, OfSearch {
  readonly type: 'Search'
  /** As the user typed it; may be empty. Kept to its first 1,024 characters. */
  readonly query: string
}

/** What a search found: the items, or how many they are, or both. */
export type ResultsInput = Sent &
  OfSearch & { readonly type: 'Results' } & (
    | {
        /** At most 1,000, in the order in which they were shown. */
        readonly items: readonly string[]
        /** Of all pages. Absent: as many as items. */
        readonly resultCount?: number | null
      }
    | { readonly items?: null; readonly resultCount: number }
  )

export interface ClickInput extends Sent, OfSearch {
  readonly type: 'ClickResult'
  /** 1 to 512 characters: the id that it has in `items`. */
  readonly item: string
  /** The first result is at 1. Absent: the item's place in the search's `items`. */
  readonly position?: number | null
}

export type EventInput = AppInput | SearchInput | ResultsInput | ClickInput
