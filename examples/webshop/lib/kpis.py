# SPDX-License-Identifier: MPL-2.0
"""kpis owns the list of what is measured at the shop and what is good: name, unit, whether lower or
higher is better, target (score 100), critical (score 0), weight, and where it is measured."""

from collections import namedtuple

Kpi = namedtuple("Kpi", "name unit better target critical weight kind source")

# kind http: ms to GET the URL; prometheus: the metric of that name; redis: hits of the last while
KPIS = (
    Kpi("page_load_time", "ms", "lower", 150, 700, 3, "http", "PAGE_URL"),
    Kpi("page_complete_time", "ms", "lower", 400, 1400, 2, "prometheus", "VISITORS_METRICS_URL"),
    Kpi("ui_interaction_lag", "ms", "lower", 60, 600, 1, "prometheus", "VISITORS_METRICS_URL"),
    Kpi("edge_overhead", "ms", "lower", 10, 100, 1, "http", "PING_URL"),
    Kpi("api_response_time", "ms", "lower", 40, 300, 3, "http", "SHELF_URL"),
    Kpi("api_search_time", "ms", "lower", 15, 150, 1, "http", "SEARCH_URL"),
    Kpi("api_queue_time", "ms", "lower", 5, 150, 1, "prometheus", "API_METRICS_URL"),
    Kpi("redis_cache_hit", "%", "higher", 90, 20, 2, "redis", "CACHE_PORT"),
    Kpi("orders_per_minute", "1/min", "higher", 130, 20, 3, "prometheus", "VISITORS_METRICS_URL"),
    Kpi("session_abandonment", "%", "lower", 5, 60, 2, "prometheus", "VISITORS_METRICS_URL"),
    Kpi("session_duration", "s", "higher", 1.1, 0.2, 1, "prometheus", "VISITORS_METRICS_URL"),
    Kpi("user_retention_24h", "%", "higher", 50, 5, 2, "prometheus", "VISITORS_METRICS_URL"),
    Kpi("error_rate", "%", "lower", 1, 10, 2, "prometheus", "VISITORS_METRICS_URL"),
    Kpi("system_availability", "%", "higher", 99.9, 90, 1, "prometheus", "VISITORS_METRICS_URL"),
)


def score(kpi, value):
    """score is 100 at the target or better, 0 at the critical value or worse (rule H2)."""
    part = (value - kpi.critical) / (kpi.target - kpi.critical)
    return 100 * min(1.0, max(0.0, part))


def health(values):
    """health is the weighted mean of the known scores (rule H3)."""
    known = [(k, values[k.name]) for k in KPIS if values.get(k.name) is not None]
    weights = sum(k.weight for k, _ in known)
    return sum(k.weight * score(k, v) for k, v in known) / weights if weights else None
