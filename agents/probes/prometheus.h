/* SPDX-License-Identifier: MPL-2.0 */
/* The text format of Prometheus, as far as one figure needs it. Pure. */
#ifndef HELIOS_AGENTS_PROBES_PROMETHEUS_H
#define HELIOS_AGENTS_PROBES_PROMETHEUS_H

#include "common/base.h"

/* `metric`, `metric{label="v",…}` or rate(…) of one of them. */
struct selector {
    struct bytes metric, labels; /* views; labels without the braces */
    bool rate;                   /* the growth a second between two readings */
};

int selector_parse(struct bytes figure, struct selector *ret); /* -EINVAL */
/* selector_sum adds all series of the metric that have at least the selector's labels. false when
 * there is none or one of them is not finite. */
bool selector_sum(const struct selector *s, struct bytes text, double *ret);

#endif
