/* SPDX-License-Identifier: MPL-2.0 */
/* Owns the seeds that are texts: configs, manifests with parameters, recordings and answers. */
#include "proto/json.h"
#include "seeds.h"
#include "settings/sections.h"
#include "tests/unit/wire.h"

static void keys_of(const char *target, const struct section *section)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        if (*s->key)
            seed_word(target, bytes_of(s->key));
        for (size_t c = 0; s->kind == SETTING_CHOICE && c < s->choice->n; c++)
            seed_word(target, bytes_of(s->choice->values[c]));
        if (s->kind == SETTING_IN || s->kind == SETTING_TABLE)
            keys_of(target, s->part);
    }
}

static void configs(void)
{
    static const char *const files[] = {"tests/unit/config/good/config-full.yaml",
                                        "tests/unit/config/bad/config-many.yaml",
                                        "tests/fuzz/world.yaml", "examples/webshop/helios.yaml"};
    static const char *const small[] = {"",
                                        "realm: x\n",
                                        "{}",
                                        "kpis: {api_response_time: }\n",
                                        "state: {url: \"unix:x\", durability: none}\n",
                                        "kpis:\n  a: {target: 1, critical: 2}\n",
                                        "tasks: {backoff: 5m, no_retry: [a, b]}\n",
                                        "mode: observe # x\n",
                                        "notify:\n  a: {topics: [\"*\"], params: {a: 1, b: [x]}}\n",
                                        "a: &a 1\nb: *a\n",
                                        "--- !!map\n",
                                        "? [x]\n: y\n",
                                        "data: \"${HOME:-x}\"\n",
                                        "data: >-\n  a\n  b\n",
                                        "listen: {agents: 'tcp://127.0.0.1:*'}\n"};
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct buf text = {0};
        seed_file(&text, files[i]);
        seed_write("config", buf_bytes(&text));
        buf_done(&text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(small); i++)
        seed_write("config", bytes_of(small[i]));
    keys_of("config", section_config);
}

static void manifest_with(const char *file, const char *text)
{
    static const char *const params[] = {
        "{\"size\": 3, \"target\": \"w1\"}", "{\"mode\": \"fast\", \"size\": 11}", "{}",
        "{\"n\": 1.5, \"j\": {\"a\": [1, null]}, \"b\": true, \"s\": \"{size}\"}"};
    struct buf yaml = {0}, input = {0};
    buf_text(&yaml, text);
    if (file)
        seed_file(&yaml, file);
    seed_piece(&input, 0, buf_bytes(&yaml));
    for (size_t i = 0; i < ARRAY_SIZE(params); i++)
        seed_piece(&input, 1, bytes_of(params[i]));
    seed_piece(&input, 0, WIRE_MAP);
    seed_write("manifest", buf_bytes(&input));
    buf_done(&yaml);
    buf_done(&input);
}

static void manifests(void)
{
    manifest_with("tests/unit/config/good/agent-full.yaml", "");
    manifest_with("examples/webshop/agents/backend.yaml", "");
    manifest_with(NULL, "agents: {a: {swarm: s}}\nactions: {x: {run: [/bin/true, "
                        "\"{size}{s}{j}\"], params: {size: {type: int, min: 1, "
                        "max: 9}, s: {}, j: {type: json}, n: {type: number}, b: {type: bool}}}}\n");
    manifest_with(NULL, "agents: {a: {swarm: s}}\nactions: {x: {builtin: webhook}, y: {builtin: "
                        "echo, params: {text: {default: z}}}}\n");
    manifest_with(NULL, "agents: {a: {swarm: s, role: analyst}}\nprobes: {p: {kind: system, kpis: "
                        "{k: cpu_percent}}}\n");
    keys_of("manifest", section_agent_config);
}

/* ---- the tool ---- */

static const char summary[] = "{\"cycles\": [{\"id\": \"c-1\", \"state\": \"REPORT\", \"began\": "
                              "1790000000000, \"health_before\": 40, \"optimizations\": "
                              "[\"o-1\"], \"note\": \"\"}], \"optimizations\": [{\"id\": \"o-1\", "
                              "\"name\": \"compress\", \"state\": \"ACCEPTED\", "
                              "\"n_before\": 80, \"n_after\": 90, \"ess_before\": 14.9, "
                              "\"ess_after\": 15.2, \"guard\": \"e\", \"low\": -640.5, \"high\": "
                              "-550, \"p\": 0.0004}], \"incidents\": [{\"id\": \"i-1\", \"state\": "
                              "\"RESOLVED\", \"opened\": 1790000010000, \"ended\": "
                              "1790000040000, \"timeline\": [{\"at\": 1790000010000, \"topic\": "
                              "\"incident.opened\", \"text\": \"low\"}]}], "
                              "\"health_history\": [{\"at\": 1790000000000, \"health\": 40}, "
                              "{\"at\": 1790000010000, \"health\": null}]}";

static void tool_seed(unsigned how, struct bytes text)
{
    struct buf input = {0};
    const char first = (char)how;
    buf_add(&input, &first, 1);
    buf_add(&input, text.at, text.n);
    seed_write("recording", buf_bytes(&input));
    buf_done(&input);
}

static void recordings(void)
{
    struct buf lines = {0};
    for (int i = 0; i < EVENT_COUNT; i += 7) {
        buf_printf(&lines,
                   "{\"seq\": %d, \"epoch\": 1, \"at\": 179000000000%d, \"topic\": \"%s\", "
                   "\"level\": \"warning\", \"id\": "
                   "\"t-1\", \"cause\": \"\", \"text\": \"it \\u001b happened\", \"data\": {\"n\": "
                   "1.5}}\n",
                   i, i % 10, event_kinds[i].topic);
    }
    for (unsigned how = 0; how < 256; how += 4)
        tool_seed(how, buf_bytes(&lines));
    tool_seed(1, BYTES(summary));
    tool_seed(2, BYTES(summary));
    tool_seed(2, BYTES("[1, -2, 3.5e9, null, true, \"\\u00e4\", {\"a\": {}}]"));
    tool_seed(10, WIRE_MAP);
    buf_done(&lines);
    static const char *const words[] = {"\"seq\"",
                                        "\"at\"",
                                        "\"topic\"",
                                        "\"level\"",
                                        "\"text\"",
                                        "\"health_history\"",
                                        "\"health\"",
                                        "\"timeline\"",
                                        "\"optimizations\"",
                                        "\"incidents\"",
                                        "\"cycles\"",
                                        "\"state\"",
                                        "null",
                                        "\"n_after\"",
                                        "\"ess_after\"",
                                        "\"guard\"",
                                        "\\u001b",
                                        "1e308",
                                        "-1",
                                        "[[",
                                        "}}",
                                        NULL};
    seed_words("recording", words);
}

void seeds_of_texts(void)
{
    configs();
    manifests();
    recordings();
}
