"""Files with a few bytes wrong, for property-based tests of readers."""

from hypothesis import strategies as st


def mutations(names, junk):
    """What to do to one of the files, see `mutated`."""
    return st.tuples(
        st.sampled_from(names),
        st.sampled_from(["insert", "delete", "replace", "truncate", "double"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 30),
        st.sampled_from(junk),
    )


def mutated(data: bytes, how: str, where: float, length: int, junk: bytes) -> bytes:
    at = int(where * len(data))
    if how == "truncate":
        return data[:at]
    if how == "double":
        return data[:at] + data[max(0, at - 10 * length) :]
    cut = 0 if how == "insert" else length
    return data[:at] + (b"" if how == "delete" else junk) + data[at + cut :]
