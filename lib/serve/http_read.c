/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_read.c - what handlers ask of a request. */
#include "http_private.h"

#include <buf.h>
#include <string.h>
#include <strings.h>
#include <text.h>

const char *bw_http_param(const struct bw_http_req *r, size_t i)
{
    return i < PARAMS_MAX && r->params[i] ? r->params[i] : "";
}

static enum MHD_Result
find_query(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    const char **want = cls; /* [0] the name, [1] the answer */
    if (strcmp(key, want[0]) != 0) {
        return MHD_YES;
    }
    want[1] = value ? value : "";
    return MHD_NO;
}

const char *bw_http_query(const struct bw_http_req *r, const char *name)
{
    const char *want[2] = {name, NULL};
    (void)MHD_get_connection_values(r->mhd, MHD_GET_ARGUMENT_KIND, find_query, want);
    return want[1];
}

const char *bw_http_header(const struct bw_http_req *r, const char *name)
{
    return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

const char *bw_http_body(const struct bw_http_req *r, size_t *ret_n)
{
    *ret_n = r->body.len;
    return r->body.data ? r->body.data : "";
}

const char *bw_http_peer(const struct bw_http_req *r)
{
    return r->peer;
}

void bw_http_vouch(struct bw_http_req *r)
{
    r->conn->known = true;
}

bool bw_http_has_type(const struct bw_http_req *r, const char *type)
{
    const char *have = bw_http_header(r, "Content-Type");
    size_t n = strlen(type);
    if (!have || strncasecmp(have, type, n) != 0) {
        return false;
    }
    return have[n] == '\0' || have[n] == ';' || have[n] == ' ';
}

enum bw_http_way bw_http_way(const struct bw_http_req *r)
{
    return r->conn->listener->tls ? BW_HTTP_TLS
           : r->conn->proxied     ? BW_HTTP_PROXIED
                                  : BW_HTTP_PLAIN;
}

bool bw_http_by_socket(const struct bw_http_req *r)
{
    return r->conn->listener->unix_path[0] != '\0';
}

struct once {
    const char *name;
    const char *value;
    int n;
};

static enum MHD_Result
count_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    struct once *o = cls;
    if (strcasecmp(key, o->name) == 0) {
        o->value = value;
        o->n++;
    }
    return MHD_YES;
}

const char *bw_http_header_once(const struct bw_http_req *r, const char *name)
{
    struct once o = {.name = name};
    (void)MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, count_header, &o);
    return o.n == 1 ? o.value : NULL;
}

const char *bw_http_method(const struct bw_http_req *r)
{
    return r->route ? r->route->method : r->method;
}

const char *bw_http_path(const struct bw_http_req *r)
{
    return r->path;
}

struct target {
    struct bw_buf *out;
    const char *sep;
};

static enum MHD_Result
put_query(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    struct target *t = cls;
    bw_buf_puts(t->out, t->sep);
    bw_text_url(t->out, key);
    if (value) {
        bw_buf_putc(t->out, '=');
        bw_text_url(t->out, value);
    }
    t->sep = "&";
    return MHD_YES;
}

void bw_http_target(const struct bw_http_req *r, struct bw_buf *out)
{
    struct target t = {.out = out, .sep = "?"};
    char one[2] = {'\0', '\0'};
    for (const char *c = r->path; *c; c++) {
        one[0] = *c;
        if (*c == '/') {
            bw_buf_putc(out, '/');
        } else {
            bw_text_url(out, one);
        }
    }
    (void)MHD_get_connection_values(r->mhd, MHD_GET_ARGUMENT_KIND, put_query, &t);
}

void bw_http_keep(struct bw_http_req *r, void *kept, void (*done)(void *kept))
{
    r->kept = kept;
    r->kept_done = done;
}

void *bw_http_kept(const struct bw_http_req *r)
{
    return r->kept;
}
