"""The command line: one module a command. Parses, calls and shows; nothing is computed here."""
