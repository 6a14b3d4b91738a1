/* SPDX-License-Identifier: MPL-2.0 */
/* Counters of what is produced: each counts one thing that exists. */
#include "common/text.h"
#include "settings/check_config.h"

enum { COUNTERS_MOST = 30 }; /* two keys each in a map of at most 64 */

static void check_counter(const struct check *c, const struct names *pipelines, const struct set_counter *counter)
{
    char path[128];
    snprintf(path, sizeof path, "production.counters.%s.pipeline", counter->name.at);
    if (!text_is_name(counter->name))
        mistake(c->m, place_of_member(c, counter, NULL),
                "production.counters.%s is no name: 1 to 64 letters, digits and _.:-, the first a letter or a digit", counter->name.at);
    if ((counter->action.n == 0) == (counter->pipeline.n == 0))
        mistake(c->m, place_of_member(c, counter, NULL),
                "production.counters.%s needs either `action` or `pipeline`: what it counts", counter->name.at);
    if (counter->pipeline.n)
        check_known(c, pipelines, &counter->pipeline, counter, path, "pipeline");
}

void check_production(const struct check *c, const struct set_config *config)
{
    _cleanup_(names_done) struct names pipelines = names_of(&config->pipelines, sizeof(struct set_pipeline));
    SEQ_EACH (counter, const struct set_counter, config->production.counters)
        check_counter(c, &pipelines, counter);
    if (config->production.counters.n > COUNTERS_MOST)
        mistake(c->m, place_of_member(c, &config->production.counters, config->production.counters.at),
                "production.counters are %zu; %d fit into the report", config->production.counters.n, COUNTERS_MOST);
}
