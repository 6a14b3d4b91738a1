/* SPDX-License-Identifier: MPL-2.0 */
/* libhelios: agents and clients of Helios in C. This header is all of it; client.h and agent.h stand
 * for themselves.
 *
 * Conventions of the whole library
 * - A call answers 0 (or a count) or a negative errno; the sentence that says what to do is
 *   helios_client_error() or helios_agent_error().
 * - Text is UTF-8 and ends with a NUL. Parameters and data are JSON objects as text.
 * - Times are milliseconds; points in time are milliseconds since 1970 (UTC).
 * - What a call gets is borrowed for the call. What a callback gets is borrowed while it runs.
 * - Structs of options begin with `size`: set it to sizeof the struct (HELIOS_OPTIONS does), so that
 *   programs stay good when a later version adds members. What is zero has its default.
 * - All of it belongs to one thread. Only helios_agent_stop may be called from anywhere, signal handlers
 *   too; who works in threads hands their results to that one, by a pipe beside helios_agent_fd for example.
 * - Memory that runs out ends the program, as it ends the daemons; only what callers and peers can drive has
 *   limits.
 * - Nothing is written to the terminal (helios_on_log), no signal is taken, no process is started.
 */
#ifndef HELIOS_HELIOS_H
#define HELIOS_HELIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define HELIOS_API __attribute__((visibility("default")))
#else
#define HELIOS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Where the controllers are and who we are; the same for clients and agents. */
struct helios_peers {
    /* Data directories of controllers on this machine, or tcp://HOST with the default ports; with commas
     * between them. NULL: $HELIOS_CONTROLLER, else $HELIOS_DATA, else "./data". */
    const char *controllers;
    /* Public keys of the tcp:// ones in their order (*.pub files or their 40 letters), with blanks between
     * them. NULL: $HELIOS_CONTROLLER_KEY. Data directories say their key themselves. */
    const char *controller_keys;
    /* File with our own key, mode 0600 (`helios keys new`). NULL: $HELIOS_IDENTITY, else none. */
    const char *identity;
};

/* What happens on the way (a link is lost, an agent was welcomed), for those who want to log it: level 0 error, 1 warning,
 * 2 information, 3 detail. NULL: nobody, as at the start. For the whole process. */
typedef void helios_log(void *user, int level, const char *event, const char *text);
HELIOS_API void helios_on_log(helios_log *call, void *user);

/* "0.1.0": of the library that is loaded. */
HELIOS_API const char *helios_version(void);

#ifdef __cplusplus
}
#endif

#include <helios/agent.h>
#include <helios/client.h>

#endif
