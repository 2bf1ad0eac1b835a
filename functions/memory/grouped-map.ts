// Holds values by key and in groups, so that a read of one group need not scan all values.

export interface GroupedMap<T, G extends string> {
  readonly all: ReadonlyMap<string, T>
  set(key: string, value: T): void
  delete(key: string): void
  /** Returns the values of one group, in the order in which their keys were set. */
  group(grouping: G, name: string): Iterable<T>
}

/** @param groupings return the name of the group that holds a value. */
export function groupedMap<T, G extends string>(groupings: Readonly<Record<G, (value: T) => string>>) {
  const all = new Map<string, T>()
  const indexes = Object.entries<(value: T) => string>(groupings).map(([grouping, nameOf]) => ({
    grouping,
    nameOf,
    groups: new Map<string, Map<string, T>>(),
  }))
  const leave = (key: string, value: T, joined: T | null): void => {
    for (const { nameOf, groups } of indexes) {
      const name = nameOf(value)
      if (joined !== null && nameOf(joined) === name) continue
      groups.get(name)?.delete(key)
      if (groups.get(name)?.size === 0) groups.delete(name)
    }
  }
  const grouped: GroupedMap<T, G> = {
    all,
    set: (key, value) => {
      const before = all.get(key)
      if (before !== undefined) leave(key, before, value)
      all.set(key, value)
      for (const { nameOf, groups } of indexes) {
        const group = groups.get(nameOf(value))
        if (group === undefined) groups.set(nameOf(value), new Map([[key, value]]))
        else group.set(key, value)
      }
    },
    delete: (key) => {
      const before = all.get(key)
      if (before === undefined) return
      leave(key, before, null)
      all.delete(key)
    },
    group: (grouping, name) =>
      indexes
        .find((index) => index.grouping === grouping)
        ?.groups.get(name)
        ?.values() ?? [],
  }
  return grouped
}
