"""The script that made the files here needs libraries of their publishers, which tests do not."""

collect_ignore = ["make.py"]
