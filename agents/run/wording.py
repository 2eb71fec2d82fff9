"""How numbers of things are said, the same in briefs, reports and logs."""


def several(count: int, thing: str) -> str:
    """A number of things."""
    if count == 1:
        return f"1 {thing}"
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {plural}"
