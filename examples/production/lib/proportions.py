# SPDX-License-Identifier: MPL-2.0
"""proportions owns the test of shares: is one of three variants clicked more often, or was it chance? A chi-square test
of all three first, then each pair by its z: with three groups the first test guards the pairs (Fisher's protected test)."""

import math

LEAST_EXPECTED = 5   # clicks and no clicks in each group; fewer and nothing is said


def two_sided(z):
    return math.erfc(abs(z) / math.sqrt(2))


def z_of(clicks, shown, other_clicks, other_shown):
    """z_of is how far two shares are from each other, in standard errors of the pooled share."""
    both = (clicks + other_clicks) / (shown + other_shown)
    error = math.sqrt(both * (1 - both) * (1 / shown + 1 / other_shown))
    return (clicks / shown - other_clicks / other_shown) / error if error else 0.0


def enough(groups):
    clicks, shown = sum(c for c, _ in groups), sum(n for _, n in groups)
    return shown > 0 and all(n * min(clicks, shown - clicks) / shown >= LEAST_EXPECTED for _, n in groups)


def homogeneity(groups):
    """homogeneity is the p of the chi-square test that three groups (clicks, shown) have one share: two degrees."""
    share = sum(c for c, _ in groups) / sum(n for _, n in groups)
    chi = sum((c - n * share) ** 2 / (n * share * (1 - share)) for c, n in groups)
    return math.exp(-chi / 2)


def winner(shown, clicks, alpha):
    """winner answers (name, p): the variant that is better than each other one; name None while nobody is."""
    groups = {name: (clicks[name], shown[name]) for name in sorted(shown)}
    if not enough(list(groups.values())):
        return None, 1.0
    p = homogeneity(list(groups.values()))
    best = max(groups, key=lambda name: groups[name][0] / groups[name][1])
    for name, other in groups.items():
        if name != best:
            p = max(p, two_sided(z_of(*groups[best], *other)))
    return (best if p < alpha else None), p
