# SPDX-License-Identifier: MPL-2.0
"""kpis owns the list of what is measured at the shop and what is good: name, unit, whether lower or
higher is better, target (score 100), critical (score 0), weight, and where it is measured."""

from collections import namedtuple

Kpi = namedtuple("Kpi", "name unit better target critical weight source")
# kind http: ms to GET the URL; prometheus: the metric of the KPI's name; redis: its hit rate
Source = namedtuple("Source", "kind every_s")

SOURCES = {   # by their key in ports.env
    "PAGE_URL": Source("http", 0.15),
    "PING_URL": Source("http", 0.2),
    "SHELF_URL": Source("http", 0.15),
    "SEARCH_URL": Source("http", 0.2),
    "VISITORS_METRICS_URL": Source("prometheus", 0.2),
    "API_METRICS_URL": Source("prometheus", 0.2),
    "CACHE_PORT": Source("redis", 0.25),
}
KPIS = (
    Kpi("page_load_time", "ms", "lower", 250, 900, 3, "PAGE_URL"),
    Kpi("page_complete_time", "ms", "lower", 300, 1200, 2, "VISITORS_METRICS_URL"),
    Kpi("ui_interaction_lag", "ms", "lower", 60, 600, 1, "VISITORS_METRICS_URL"),
    Kpi("edge_overhead", "ms", "lower", 10, 100, 1, "PING_URL"),
    Kpi("api_response_time", "ms", "lower", 30, 200, 3, "SHELF_URL"),
    Kpi("api_search_time", "ms", "lower", 30, 200, 1, "SEARCH_URL"),
    Kpi("api_queue_time", "ms", "lower", 2, 50, 1, "API_METRICS_URL"),
    Kpi("redis_cache_hit", "%", "higher", 90, 20, 2, "CACHE_PORT"),
    Kpi("orders_per_minute", "1/min", "higher", 250, 60, 3, "VISITORS_METRICS_URL"),
    Kpi("session_abandonment", "%", "lower", 5, 60, 2, "VISITORS_METRICS_URL"),
    Kpi("session_duration", "s", "higher", 1.3, 0.3, 1, "VISITORS_METRICS_URL"),
    Kpi("user_retention_24h", "%", "higher", 75, 10, 2, "VISITORS_METRICS_URL"),
    Kpi("error_rate", "%", "lower", 1, 10, 2, "VISITORS_METRICS_URL"),
    Kpi("system_availability", "%", "higher", 99.9, 90, 1, "VISITORS_METRICS_URL"),
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
