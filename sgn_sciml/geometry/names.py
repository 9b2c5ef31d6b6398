"""Names of parts of boundaries."""

__all__ = ["labels"]


def labels(name: str | None, part: str) -> frozenset[str]:
    """Names of a part of a region: its own, or that of the region and of the part within it."""
    if name is None:
        return frozenset({part})
    return frozenset({name} if name == part else {name, f"{name}.{part}"})
