/* SPDX-License-Identifier: GPL-3.0-or-later
 * door_config.c - who may look, as the file says it. */
#include "door_config.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

const char *const bw_access_words[] = {"accounts", "open", NULL};
static const char *const forms[] = {"json", "rfc5424", NULL};

const struct bw_optspec bw_accounts_opts[] = {
    {.name = "url",
     .type = BW_OPT_STRING,
     .max = 500,
     .def = "",
     .doc = "The address under which people reach the collector, for instance "
            "https://collector.alder.example: what a browser says that it comes from must "
            "be this, and links that are printed begin with it."},
    {.name = "idle",
     .type = BW_OPT_DURATION,
     .min = 60000,
     .max = 7 * DAY_MS,
     .def = "1h",
     .doc = "A session that asked for nothing for so long is over."},
    {.name = "longest",
     .type = BW_OPT_DURATION,
     .min = 60000,
     .max = 30 * DAY_MS,
     .def = "12h",
     .doc = "So long after signing in a session is over, whatever was done with it."},
    {.type = BW_OPT_END},
};

const struct bw_optspec bw_audit_opts[] = {
    {.name = "file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "A file that a line is added to for each event; it may be moved away at any "
            "time."},
    {.name = "form",
     .type = BW_OPT_ENUM,
     .words = forms,
     .def = "json",
     .doc = "The file's lines: a JSON object each, or as RFC 5424 has them."},
    {.name = "socket",
     .type = BW_OPT_STRING,
     .max = 107,
     .def = "",
     .doc = "A Unix datagram socket that takes RFC 5424, for instance /dev/log."},
    {.type = BW_OPT_END},
};

int bw_door_config_read(const struct bw_conf_node *top,
                        struct bw_config_door *out,
                        struct bw_err *reterr)
{
    const struct bw_conf_node *accounts = bw_conf_child(top, "accounts", 0);
    const struct bw_conf_node *audit = bw_conf_child(top, "audit", 0);
    out->open = bw_conf_int(top, "access") == 1;
    (void)snprintf(out->url, sizeof(out->url), "%s", bw_conf_str(accounts, "url"));
    out->idle_ms = bw_conf_int(accounts, "idle");
    out->longest_ms = bw_conf_int(accounts, "longest");
    (void)snprintf(out->audit_file, sizeof(out->audit_file), "%s",
                   bw_conf_str(audit, "file"));
    out->audit_rfc5424 = bw_conf_int(audit, "form") == 1;
    (void)snprintf(out->audit_socket, sizeof(out->audit_socket), "%s",
                   bw_conf_str(audit, "socket"));
    size_t n = strlen(out->url);
    const char *host = strstr(out->url, "://");
    if (n > 0 &&
        ((strncmp(out->url, "https://", 8) != 0 && strncmp(out->url, "http://", 7) != 0) ||
         !host[3] || strpbrk(host + 3, "/?#@ \"<>"))) {
        return bw_conf_fault(accounts, "url", reterr,
                             "\"%s\" is no address as https://HOST or https://HOST:PORT, "
                             "without a path",
                             out->url);
    }
    if (out->audit_file[0] && out->audit_file[0] != '/') {
        return bw_conf_fault(audit, "file", reterr, "\"%s\" must begin with /",
                             out->audit_file);
    }
    if (out->audit_socket[0] && out->audit_socket[0] != '/') {
        return bw_conf_fault(audit, "socket", reterr, "\"%s\" must begin with /",
                             out->audit_socket);
    }
    return 0;
}

bool bw_door_config_same(const struct bw_config_door *a, const struct bw_config_door *b)
{
    return a->open == b->open && strcmp(a->url, b->url) == 0 && a->idle_ms == b->idle_ms &&
           a->longest_ms == b->longest_ms && strcmp(a->audit_file, b->audit_file) == 0 &&
           a->audit_rfc5424 == b->audit_rfc5424 &&
           strcmp(a->audit_socket, b->audit_socket) == 0;
}
