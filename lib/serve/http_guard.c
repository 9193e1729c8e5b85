/* SPDX-License-Identifier: GPL-3.0-or-later
 * http_guard.c - refuse what another program on the way could read in another way.
 *
 * A proxy and we must agree where a request ends (RFC 9112 §6.3, §11.2). libmicrohttpd
 * takes the first of two lengths, joins folded lines to the header's name, and takes a line
 * without a name for the end; all of that is looked at here, before anything is believed.
 * Version, names and values stand in its read buffer as they came, colons and ends of
 * lines overwritten by NUL: they must follow each other without anything between. */
#include "http_private.h"

#include <string.h>
#include <strings.h>

enum {
    ONCE_MAX = 8,
    BUFFER_MAX = 1 << 20, /* more than a connection's memory */
    LINE_END = 2
};

struct look {
    const char *fault;
    const char *end; /* of what came before: where its NUL is */
    unsigned seen[ONCE_MAX];
};

static const char line_end[] = "a line does not end with CR LF, or has a NUL in it";
static const char *const once[ONCE_MAX] = {
    "Content-Length", "Transfer-Encoding", "Host",  "Content-Type", "Content-Encoding",
    "Cookie",         "Authorization",     "Origin"};

/* RFC 9110 §5.6.2 */
static bool is_token(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c))) {
            return false;
        }
    }
    return n > 0;
}

static bool is_value(const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* From the end of one thing to the begin of the next in the read buffer: how far? */
static ptrdiff_t way(const char *from, const char *to)
{
    return (ptrdiff_t)((uintptr_t)to - (uintptr_t)from);
}

/* A colon, now NUL, and blanks. */
static bool joined(const char *from, const char *to)
{
    ptrdiff_t n = way(from, to);
    if (n < 1 || n > BUFFER_MAX) {
        return false;
    }
    for (from++; from < to; from++) {
        if (*from != ' ' && *from != '\t') {
            return false;
        }
    }
    return true;
}

static enum MHD_Result
look_at(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    struct look *l = cls;
    size_t n = strlen(key);
    value = value ? value : "";
    if (!is_token(key, n)) {
        l->fault = "a header's name is not one word";
    } else if (!joined(key + n, value)) {
        l->fault = "a header goes on in the next line";
    } else if (way(l->end, key) != LINE_END) {
        l->fault = line_end;
    } else if (!is_value(value)) {
        l->fault = "a header has a control character in it";
    }
    for (size_t i = 0; i < ONCE_MAX && !l->fault; i++) {
        if (strcasecmp(key, once[i]) == 0 && ++l->seen[i] > 1) {
            l->fault = "a header that may stand once stands twice";
        }
    }
    l->end = value + strlen(value);
    return l->fault ? MHD_NO : MHD_YES;
}

const char *bw_http_misframed(struct MHD_Connection *mhd,
                              const char *method,
                              const char *url,
                              const char *version)
{
    struct look l = {.end = version + strlen(version)};
    if (url[0] != '/') {
        return "ask for a path that begins with /";
    }
    (void)MHD_get_connection_values(mhd, MHD_HEADER_KIND, look_at, &l);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!l.fault && (!info || way(l.end, method) + (ptrdiff_t)info->header_size !=
                                  (ptrdiff_t)2 * LINE_END)) {
        l.fault = line_end;
    }
    if (!l.fault && l.seen[0] && l.seen[1]) {
        l.fault = "Content-Length and Transfer-Encoding do not go together";
    }
    return l.fault;
}
