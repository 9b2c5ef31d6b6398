"""The engines of the commands that do more than one function call."""
