/* SPDX-License-Identifier: MPL-2.0 */
/* SIGHUP: the config file again, all or nothing. */
#include "common/log.h"
#include "common/ready.h"
#include "shell.h"

/* What the sockets, the store and the data directory were made from cannot change under them. */
static const char *const fixed[] = {"realm:", "data:", "insecure:", "listen.", "state.", "security.", "realms."};

/* first_fixed answers the first line of the differences that needs a restart, or NULL. What the keeper's table says is the keeper's. */
static const char *first_fixed(const struct shell *s, const char *differences)
{
    size_t n = ARRAY_SIZE(fixed) - seat_taken(&s->seat);
    for (const char *line = differences; line && *line;
         line = strchr(line, '\n'), line += line != NULL)
        for (size_t i = 0; i < n; i++)
            if (strncmp(line, fixed[i], strlen(fixed[i])) == 0)
                return line;
    return NULL;
}

void shell_log_as_set(const char *program, const struct set_config *config)
{
    static const enum log_level levels[] = {[log_detail_error] = LOG_ERROR,
                                            [log_detail_warning] = LOG_WARN,
                                            [log_detail_info] = LOG_INFO,
                                            [log_detail_debug] = LOG_DEBUG};
    static const enum log_format formats[] = {[log_style_auto] = LOG_FORMAT_AUTO,
                                              [log_style_text] = LOG_FORMAT_TEXT,
                                              [log_style_json] = LOG_FORMAT_JSON};
    log_setup(program, levels[config->log.level], formats[config->log.format]);
}

static void use(struct shell *s, struct settings *fresh, const char *differences)
{
    struct settings *old = s->settings;
    s->settings = fresh;
    s->config = settings_root(fresh);
    shell_log_as_set(s->program, s->config);
    helios_reload(s->core, s->config, differences);
    settings_free(old); /* nobody borrows it any more */
    log_info("config.reloaded", "%s", differences);
}

static void read_again(struct shell *s)
{
    struct settings *fresh;
    _autofree_ char *report = NULL;
    _cleanup_(buf_done) struct buf differences = {0};
    if (settings_load(section_config, s->file, s->flags, s->n_flags, &fresh, &report) < 0) {
        log_error("config.refused", "nothing was changed: %s", report);
        return;
    }
    size_t n = settings_diff(&differences, s->settings, fresh);
    const char *line = first_fixed(s, buf_str(&differences));
    if (n && line == NULL) {
        use(s, fresh, buf_str(&differences));
        return;
    }
    if (line)
        log_error("config.refused", "nothing was changed, this needs a restart: %.*s",
                  (int)strcspn(line, "\n"), line);
    else
        log_info("config.same", "%s says what is in force already", s->file);
    settings_free(fresh);
}

void shell_reload(struct shell *s)
{
    s->reload = false;
    ready_reloading();
    read_again(s);
    ready_say("READY=1");
}
