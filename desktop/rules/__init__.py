"""Pure rules on frozen values: no files, no database, no Qt, no clock."""
