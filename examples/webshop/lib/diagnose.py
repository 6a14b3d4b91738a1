# SPDX-License-Identifier: MPL-2.0
"""diagnose owns the analyst's eye: for each change, what is configured and measured now, and
whether that speaks for the change. It changes nothing."""

import functools
import time

from . import cache, edge, paths, web


class Sight:
    """Sight looks at the running shop; each thing is looked at once."""

    def __init__(self, ports):
        self.ports = ports
        self.edge = edge.settings()
        self.door = f"http://{paths.HOST}:{ports['EDGE_PORT']}"

    @functools.cached_property
    def api(self):
        return web.metrics(self.ports["API_METRICS_URL"])

    @functools.cached_property
    def visitors(self):
        return web.metrics(self.ports["VISITORS_METRICS_URL"])

    @functools.cached_property
    def api_settings(self):
        return paths.read_json(paths.at("api.json"))

    @functools.cached_property
    def cache_mb(self):
        return cache.Cache(self.ports["CACHE_PORT"]).megabytes()

    def page(self, path="/index.html"):
        return web.ask(self.door + path, packed=True)

    def cache_work(self, span_s=0.8):
        """cache_work counts hits, misses and evictions over a short while."""
        look = cache.Cache(self.ports["CACHE_PORT"]).counts
        before = look()
        time.sleep(span_s)
        after = look()
        return {name: after[name] - before[name] for name in before}


def verdict(recommend, confidence, reason, **evidence):
    return {"recommend": bool(recommend), "confidence": round(confidence if recommend else 0.0, 2),
            "reason": reason, "evidence": evidence}


def compress_pages(sight):
    page = sight.page()
    packed = page.headers.get("Content-Encoding") == "gzip"
    return verdict(not packed and len(page.wire) > 20_000, 0.95,
                   f"gzip is {'on' if packed else 'off'} and a page is {len(page.wire) // 1000} KB "
                   "on the line", compressed=packed, page_bytes=len(page.wire),
                   text_bytes=len(page.body))


def cache_assets(sight):
    answer = sight.page("/assets/shop.css")
    rule = answer.headers.get("Cache-Control", "")
    return verdict("max-age" not in rule, 0.8,
                   f"assets are sent with Cache-Control: {rule or 'nothing'}"
                   + ("" if "max-age" in rule else ": browsers fetch them again on every page"),
                   cache_control=rule, asset_bytes=len(answer.wire),
                   page_complete_time_ms=sight.visitors.get("page_complete_time"))


def keepalive_api(sight):
    requests, logins = sight.api.get("api_requests_total", 0), sight.api.get("api_logins_total", 0)
    share = logins / requests if requests else 0.0
    return verdict(not sight.edge["keepalive"], 0.9,
                   f"{100 * share:.0f} % of the API's requests since its start came on a new "
                   "connection, which logs in to the database first",
                   keepalive=sight.edge["keepalive"], requests=requests, logins=logins)


def inline_images(sight):
    page = sight.page()
    count = page.body.count(b'src="/assets/picture-')
    return verdict(count > 0, 0.85,
                   f"a page names {count} pictures and every request pays a round trip on the "
                   f"line; inlining them saves {count} requests", pictures=count,
                   page_bytes=len(page.wire))


def grow_cache(sight):
    work = sight.cache_work()
    asked = work["keyspace_hits"] + work["keyspace_misses"]
    rate = 100 * work["keyspace_hits"] / asked if asked else None
    short = work["evicted_keys"] > 0 or work["keyspace_misses"] > 0
    small = sight.cache_mb < cache.GOOD_MB and short
    shown = "unknown" if rate is None else f"{rate:.0f} %"
    return verdict(small, 0.9, f"the cache has {sight.cache_mb:g} MB, threw {work['evicted_keys']} "
                   f"answers out in 0.8 s, and its hit rate is {shown}", megabytes=sight.cache_mb,
                   hit_percent=rate, **work)


def longer_cache_ttl(sight):
    ttl, hit = sight.api_settings["search_ttl_s"], sight.api.get("api_search_hit_percent")
    roomy = sight.cache_mb >= cache.GOOD_MB   # a small cache throws them out before their time
    share = "few" if hit is None else f"{hit:.0f} %"
    return verdict(ttl < 60, 0.8 if roomy else 0.6,
                   f"search answers are forgotten after {ttl} s and {share} of them find one",
                   search_ttl_s=ttl, search_hit_percent=hit)


def api_workers(sight):
    workers, wait = sight.api_settings["workers"], sight.api.get("api_queue_time", 0.0)
    return verdict(workers < 12 and wait > 2, min(0.9, 0.5 + wait / 50),
                   f"the API works on {workers} requests at once and a request waits {wait:.0f} ms "
                   "for its turn", workers=workers, queue_time_ms=wait)


def restore_cache(sight):
    work = sight.cache_work()
    asked = work["keyspace_hits"] + work["keyspace_misses"]
    rate = 100 * work["keyspace_hits"] / asked if asked else 0.0
    return verdict(sight.cache_mb < cache.BAD_MB or rate < 40, 0.95,
                   f"the cache is {sight.cache_mb:g} MB and answers {rate:.0f} % of its questions",
                   megabytes=sight.cache_mb, hit_percent=rate)


def restart_api(sight):
    usual, now = sight.api_settings["db_round_trip_ms"], sight.api.get("api_database_time_ms")
    sick = now is None or now > 5 * usual
    return verdict(sick, 0.9, "the API does not say how long its database calls take" if now is None
                   else f"a database call takes the API {now:.0f} ms where {usual} ms are usual",
                   database_time_ms=now, usual_ms=usual)


def shed_load(sight):
    wait, failed = sight.api.get("api_queue_time", 0.0), sight.api.get("api_failed_percent", 0.0)
    return verdict(not sight.edge["shed_search"] and (wait > 200 or failed > 5), 0.7,
                   f"requests wait {wait:.0f} ms for a worker and {failed:.0f} % fail; searches "
                   "can be answered stale", queue_time_ms=wait, failed_percent=failed)


EYES = {look.__name__: look for look in (
    compress_pages, cache_assets, keepalive_api, inline_images, grow_cache, longer_cache_ttl,
    api_workers, restore_cache, restart_api, shed_load)}
