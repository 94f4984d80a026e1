"""Reading foreign spreadsheets in a limited child process."""
