"""Reading a table out of a file, row by row, whatever kind of file it is."""

from tenants.imports.reading.table import Cell, TableFile, open_table

__all__ = ["Cell", "TableFile", "open_table"]
