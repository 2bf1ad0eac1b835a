// Starts the scripts of a report: the theme switch, sorting, filtering and the explorer.

import { startExplorer } from './explorer.ts'
import { sortTables } from './sortable-tables.ts'
import { filterTables } from './table-filter.ts'
import { startTheme } from './theme.ts'

startTheme()
sortTables()
filterTables()
startExplorer()
