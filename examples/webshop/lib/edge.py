# SPDX-License-Identifier: MPL-2.0
"""edge owns nginx, the shop's front door: its settings lie in edge.json, each of them becomes one
small conf file, and a change is checked, loaded and seen to be served before it counts."""

import os
import shutil
import signal
import subprocess
import time

from . import paths, web

BAD = {"compress": 0, "cache_assets_s": 0, "keepalive": 0, "inline_images": False,
       "shed_search": False}
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
_MAIN = """daemon off;
{user}worker_processes 1;
worker_shutdown_timeout 3s;
pid {home}/nginx.pid;
error_log {home}/nginx-error.log warn;
events {{ worker_connections 512; }}
http {{
    types {{ text/html html; text/css css; application/javascript js; image/png png;
            application/json json; }}
    charset utf-8;
    log_format shop '$time_iso8601 $status $request_time $upstream_response_time '
                    '$bytes_sent $request';
    access_log {home}/nginx-access.log shop;
    client_body_temp_path {home}/tmp/body;
    proxy_temp_path {home}/tmp/proxy;
    fastcgi_temp_path {home}/tmp/fastcgi;
    uwsgi_temp_path {home}/tmp/uwsgi;
    scgi_temp_path {home}/tmp/scgi;
    sendfile on;
    include {home}/edge/compress.conf;
    upstream api {{ server 127.0.0.1:{api}; include {home}/edge/upstream.conf; }}
    server {{
        listen {bind}:{edge} backlog=511;
        location = /edge/status {{ stub_status; access_log off; }}
        location = /edge/version {{ access_log off; return 200 "{version}"; }}
        location / {{
            include {home}/edge/pages.conf;
            index index.html;
            add_header Cache-Control no-cache;
        }}
        location /assets/ {{ root {home}/www; include {home}/edge/assets.conf; }}
        location /api/ {{
            include {home}/edge/api.conf;
            proxy_read_timeout 4s;
            proxy_pass http://api;
        }}
        include {home}/edge/search.conf;
    }}
}}
"""


def _compress(s):
    if not s["compress"]:
        return "gzip off;\n"
    return (f"gzip on; gzip_comp_level {s['compress']}; gzip_min_length 500; gzip_proxied any;\n"
            "gzip_types text/css application/javascript application/json;\n")


def _assets(s):
    if not s["cache_assets_s"]:   # as somebody once left it while looking for a bug
        return 'etag off; if_modified_since off; add_header Cache-Control "no-store";\n'
    return f'add_header Cache-Control "public, max-age={s["cache_assets_s"]}, immutable";\n'


def _upstream(s):
    return f"keepalive {s['keepalive']};\n" if s["keepalive"] else "# a connection a request\n"


def _api(s):
    if not s["keepalive"]:
        return "proxy_http_version 1.0; proxy_set_header Connection close;\n"
    return 'proxy_http_version 1.1; proxy_set_header Connection "";\n'


def _pages(s):
    return f"root {paths.at('www', 'inlined' if s['inline_images'] else 'pages')};\n"


def _search(s):
    if not s["shed_search"]:
        return "# searches are answered by the API\n"
    return (f"location /api/search {{ root {paths.at('www')}; default_type application/json;\n"
            '    add_header X-Stale yes; try_files /stale-search.json =503; }\n')


PIECES = {"compress": _compress, "assets": _assets, "upstream": _upstream, "api": _api,
          "pages": _pages, "search": _search}


def settings():
    return dict(BAD, **paths.read_json(paths.at("edge.json"), {}))


def render(chosen, ports):
    """render writes the conf files of these settings and answers their version."""
    version = str(time.monotonic_ns())
    for name, piece in PIECES.items():
        paths.write(paths.at("edge", f"{name}.conf"), piece(chosen))
    user = "user root;\n" if os.geteuid() == 0 else ""
    paths.write(paths.at("nginx.conf"), _MAIN.format(
        user=user, home=paths.home(), bind=paths.BIND, version=version, api=ports["API_PORT"],
        edge=ports["EDGE_PORT"]))
    return version


def argv(*more):
    return [NGINX or "nginx", "-p", paths.home(), "-c", paths.at("nginx.conf"),
            "-e", paths.at("nginx-error.log"), *more]


def serves(version, ports):
    return web.answers(f"http://{paths.HOST}:{ports['EDGE_PORT']}/edge/version", version)


def workers(master):
    """workers lists the processes of nginx that still take new connections."""
    taking = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        after_name = (paths.read(f"/proc/{pid}/stat") or ")").rpartition(")")[2].split()
        if after_name[1:2] == [str(master)]:   # its parent
            title = paths.read(f"/proc/{pid}/cmdline")
            if title and "shutting down" not in title:
                taking.add(pid)
    return taking


def change(values, ports):
    """change takes settings over; when nginx refuses them, the old ones are put back."""
    before = settings()
    version = render(dict(before, **values), ports)
    test = subprocess.run(argv("-t"), capture_output=True, text=True, check=False)
    if test.returncode != 0:
        render(before, ports)
        raise RuntimeError(f"nginx refuses the change: {test.stderr.strip().splitlines()[0]}")
    paths.write_json(paths.at("edge.json"), dict(before, **values))
    master = int(paths.read(paths.at("nginx.pid")))
    old = workers(master)
    os.kill(master, signal.SIGHUP)
    deadline = time.monotonic() + 5
    # For a moment old and new workers share the socket: it counts when no old one answers.
    while workers(master) & old or not serves(version, ports):
        if time.monotonic() > deadline:
            raise RuntimeError("nginx did not take the change over within 5 s")
        time.sleep(0.05)
