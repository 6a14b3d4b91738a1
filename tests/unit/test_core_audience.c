/* SPDX-License-Identifier: MPL-2.0 */
/* Who listens to events: what nobody hears is not said, what the ledger keeps is kept all the same. */
#include "work_harness.h"

#include "orchestrator/core/audience.h"

static void told(struct audience *a, char how, const char *start)
{
    char text[128];
    int n = snprintf(text, sizeof(text), "%c%s", how, start);
    audience_take(a, (struct bytes){text, (size_t)(how ? n : (int)strlen(start) + 1)});
}

static void a_beginning_of_a_topic_counts(void **state)
{
    (void)state;
    struct audience a = {{0}};
    assert_true(audience_hears(NULL, EVENT_task_accepted));
    assert_false(audience_hears(&a, EVENT_task_accepted));
    told(&a, 1, "task.");
    assert_true(audience_hears(&a, EVENT_task_accepted));
    assert_false(audience_hears(&a, EVENT_kpi_updated));
    told(&a, 1, "task.accepted");
    char leaves[] = "\0task.";
    audience_take(&a, (struct bytes){leaves, 6});
    assert_true(audience_hears(&a, EVENT_task_accepted));
    assert_false(audience_hears(&a, EVENT_task_completed));
    told(&a, 1, "");
    assert_true(audience_hears(&a, EVENT_kpi_updated));
}

static void other_bytes_count_nothing(void **state)
{
    (void)state;
    struct audience a = {{0}}, nobody = {{0}};
    char leaves[] = "\0task.";
    audience_take(&a, BYTES(""));
    audience_take(&a, (struct bytes){leaves, 6}); /* nobody was there */
    told(&a, 2, "task.");
    told(&a, 1, "task.accepted and more");
    told(&a, 1, "nonsense");
    assert_memory_equal(&a, &nobody, sizeof(a));
}

static void what_nobody_hears_is_not_said(void **state)
{
    (void)state;
    struct core *c = realm();
    struct audience a = {{0}};
    c->h->audience = &a;
    uint64_t events = c->h->counters.events;
    submit(c, REQUEST());
    join(c, 1, "a1");
    result(c, 1, "t-1", 1, outcome_COMPLETED);
    assert_null(core_event(c, EVENT_task_accepted));
    assert_null(core_event(c, EVENT_task_completed));
    assert_true(c->h->counters.events >= events + 3); /* they are counted all the same */
    struct entry *last = container_of(c->h->ledger.entries.prev, struct entry, link);
    assert_true(bytes_is(last->r.topic, "task.completed"));
    assert_true(bytes_is(last->r.id, "t-1"));
    told(&a, 1, "");
    submit(c, REQUEST());
    assert_non_null(core_event(c, EVENT_task_accepted));
    assert_non_null(core_event(c, EVENT_task_dispatched));
    core_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_beginning_of_a_topic_counts),
        cmocka_unit_test(other_bytes_count_nothing),
        cmocka_unit_test(what_nobody_hears_is_not_said),
    };
    return cmocka_run_group_tests_name("core_audience", tests, NULL, NULL);
}
