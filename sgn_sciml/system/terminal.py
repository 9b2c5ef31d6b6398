"""Text of foreign files and servers on its way to a terminal."""

__all__ = ["printable"]


def printable(text: str) -> str:
    r"""Text without control characters, which could move the cursor or colour what follows.

    Example:
        >>> printable("a\x1b[31mb")
        'a?[31mb'
    """
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text.replace("\t", " "))
