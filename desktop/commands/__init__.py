"""The subcommands of rufaa-cli, one file per noun."""
