"""How far a written sequence is from the true one."""

from functools import cache

from hypothesis import given, strategies as st

from charrnn.tasks.outputs.sequence_scores import RewriteScore, edit_distance


@given(st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_edit_distance_is_the_shortest_way(a, b):
    """An insertion that is free; a replacement that counts twice."""

    @cache
    def distance(m, n):
        if not m or not n:
            return m + n
        changed = distance(m - 1, n - 1) + (a[m - 1] != b[n - 1])
        return min(changed, distance(m - 1, n) + 1, distance(m, n - 1) + 1)

    assert edit_distance(a, b) == distance(len(a), len(b))
    score = RewriteScore()
    score.add(a, b)
    assert (score.exact, score.errors) == (a == b, distance(len(a), len(b)))
