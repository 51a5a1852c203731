"""The scores of surveys and how sure they are. Pure: counts in, figures out; None where nobody answered.

Intervals are those of 95 %. That of NPS is the normal approximation for a difference of two shares of one sample, with the variance
p + q − (p − q)² (p: promoters, q: detractors). That of a share is Wilson's score interval (E. B. Wilson, Probable inference, the law of
succession, and statistical inference, JASA 22, 1927), which stays between 0 and 1 and fits small samples too.
"""

from math import sqrt

Z = 1.959963984540054


def nps(promoters: int, detractors: int, n: int) -> tuple[float, float, float] | None:
    """Promoters (9, 10) less detractors (0 to 6) in points from −100 to 100, and its interval."""
    if not n:
        return None
    p, q = promoters / n, detractors / n
    wide = Z * sqrt(max(p + q - (p - q) ** 2, 0.0) / n)
    score = p - q
    return 100 * score, 100 * max(score - wide, -1.0), 100 * min(score + wide, 1.0)


def share(some: int, n: int) -> tuple[float, float, float] | None:
    """A share of n, from 0 to 1, and Wilson's interval."""
    if not n:
        return None
    p, z2 = some / n, Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    wide = Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return p, max(middle - wide, 0.0), min(middle + wide, 1.0)


def mean(average: float | None, deviation: float | None, n: int) -> tuple[float, float, float] | None:
    """A mean and its interval, by the deviation of the sample; of one answer the interval is that answer."""
    if not n or average is None:
        return None
    wide = Z * (deviation or 0.0) / sqrt(n)
    return average, average - wide, average + wide
