/* SPDX-License-Identifier: MPL-2.0 */
/* HTTP requests in the loop, by libcurl's multi interface: the only file that knows it, with
 * probes/http.c that sets its own options. http and https only. */
#ifndef HELIOS_AGENTS_WEB_H
#define HELIOS_AGENTS_WEB_H

#include <curl/curl.h>

#include "agents/loop.h"
#include "common/buf.h"

struct web {
    struct loop *loop;
    CURLM *multi;
    struct timer timer; /* libcurl's own */
};

/* One request at a time; its handle is used again for the next one. */
struct fetch {
    struct web *web;
    CURL *easy; /* owned; its options may be added to before fetch_start */
    bool under_way;
    struct buf body; /* of the answer, at most `most` bytes; the rest is counted as cut */
    size_t most;     /* 0 = thrown away */
    bool cut;
    char why[CURL_ERROR_SIZE]; /* when it failed */
    void *owner;
    void (*on_end)(struct fetch *f, CURLcode code);
};

void web_init(struct web *w, struct loop *loop);
void web_done(struct web *w);
void fetch_init(struct fetch *f, struct web *web, size_t most);
void fetch_done(struct fetch *f); /* cancels it */
/* fetch_start sends it; on_end is called later from the loop. -EINVAL when the address is none. */
int fetch_start(struct fetch *f, const char *url, int64_t timeout_ms);
void fetch_cancel(struct fetch *f);
long fetch_status(const struct fetch *f); /* of the answer; 0 = none */

#endif
