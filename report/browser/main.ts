// What moves in a report: the finished page in, one with a theme switch, tables that sort and filter, and the explorer out.

import { startExplorer } from './explorer.ts'
import { sortTables } from './sortable-tables.ts'
import { filterTables } from './table-filter.ts'
import { startTheme } from './theme.ts'

startTheme()
sortTables()
filterTables()
startExplorer()
