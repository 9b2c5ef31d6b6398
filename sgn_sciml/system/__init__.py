"""The machine that the package runs on: files, locks, memory, versions."""
