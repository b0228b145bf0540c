"""When a crashed app is started again. Pure.

The default of the contract (section 4): up to three times in a row, at once, after one second,
after two; the count starts again after a clean stop or a stable minute.
"""

DELAYS_S = (0.0, 1.0, 2.0)
STABLE_S = 60.0  # a run this long clears the count


def after_crash(restarts: int, ran_s: float) -> tuple[int, float | None]:
    """What follows a crash: the new count, and the delay of the restart in seconds.

    ``restarts``: how many restarts in a row came before this crash. ``ran_s``: how long the run
    lasted. No delay (None) means that the app stays crashed.
    """
    if ran_s >= STABLE_S:
        restarts = 0
    if restarts >= len(DELAYS_S):
        return restarts, None
    return restarts + 1, DELAYS_S[restarts]
