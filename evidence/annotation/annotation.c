/* SPDX-License-Identifier: GPL-3.0-or-later
 * annotation.c - the table of an annotation's members, and those on file.
 *
 * Invariant: an annotation has an end, so that no time is excluded that nobody named. */
#include "annotation.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <said_list.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>

#define UNIX_S_MAX INT64_C(253402300799)

static const char *const causes[] = {
    [BW_CAUSE_UNKNOWN] = "",          [BW_CAUSE_POWER] = "power",
    [BW_CAUSE_PLANNED] = "planned",   [BW_CAUSE_SCHOOL] = "school",
    [BW_CAUSE_PROVIDER] = "provider", [BW_CAUSE_WEATHER] = "weather",
    [BW_CAUSE_OTHER] = "other",       NULL,
};

#define AT(member)                                                                         \
    .at = offsetof(struct bw_annotation, member),                                          \
    .size = sizeof(((struct bw_annotation *)NULL)->member)

const struct bw_field bw_annotation_fields[] = {
    {.name = "from_s",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 0,
     .max = UNIX_S_MAX,
     AT(from_unix_s)},
    {.name = "to_s",
     .kind = BW_FIELD_INT,
     .needed = true,
     .min = 0,
     .max = UNIX_S_MAX,
     AT(to_unix_s)},
    {.name = "cause", .kind = BW_FIELD_CHOICE, .needed = true, .words = causes, AT(cause)},
    {.name = "text", .kind = BW_FIELD_TEXT, .needed = true, AT(text)},
    {.name = "exclude", .kind = BW_FIELD_YES, AT(exclude)},
};
const size_t bw_annotation_n_fields =
    sizeof(bw_annotation_fields) / sizeof(bw_annotation_fields[0]);

void bw_annotation_init(struct bw_annotation *a)
{
    memset(a, 0, sizeof(*a));
    bw_fields_init(bw_annotation_fields, bw_annotation_n_fields, a);
}

static int check(const struct bw_annotation *a, int code, struct bw_err *reterr)
{
    return a->to_unix_s > a->from_unix_s
               ? 0
               : bw_err_set(reterr, code, "an annotation's time must end after it begins");
}

int bw_annotation_encode(const struct bw_annotation *a,
                         struct bw_buf *out,
                         struct bw_err *reterr)
{
    int r = check(a, -EINVAL, reterr);
    return r < 0 ? r
                 : bw_fields_encode(bw_annotation_fields, bw_annotation_n_fields, a, out,
                                    reterr);
}

int bw_annotation_decode(const char *text,
                         size_t n,
                         struct bw_annotation *ret,
                         struct bw_err *reterr)
{
    memset(ret, 0, sizeof(*ret));
    int r = bw_fields_decode(bw_annotation_fields, bw_annotation_n_fields, text, n, ret,
                             reterr);
    return r < 0 ? r : check(ret, -BW_EMALFORMED, reterr);
}

const char *bw_cause_name(enum bw_cause cause)
{
    return cause > BW_CAUSE_UNKNOWN && cause <= BW_CAUSE_OTHER ? causes[cause] : NULL;
}

int bw_cause_parse(const char *word, int64_t *ret)
{
    for (int i = BW_CAUSE_POWER; i <= BW_CAUSE_OTHER; i++) {
        if (strcmp(word, causes[i]) == 0) {
            *ret = i;
            return 0;
        }
    }
    return -EINVAL;
}

void bw_annotation_about(const char *site,
                         const char *circuit,
                         char ret[BW_ANNOTATION_ABOUT_MAX + 1])
{
    (void)snprintf(ret, BW_ANNOTATION_ABOUT_MAX + 1, "circuit:%s.%s", site, circuit);
}

/* ---- those on file -------------------------------------------------------------- */

struct reading {
    struct bw_said_list list;
    int64_t from_unix_s;
    int64_t to_unix_s;
};

static int take(void *owner, const struct bw_said *said)
{
    struct reading *r = owner;
    struct bw_annotation_said a;
    memset(&a, 0, sizeof(a));
    if (!said->statement->body ||
        bw_annotation_decode(said->statement->body, said->statement->n_body, &a.annotation,
                             NULL) < 0) {
        r->list.unread++;
        return 0;
    }
    if (a.annotation.to_unix_s <= r->from_unix_s ||
        a.annotation.from_unix_s >= r->to_unix_s) {
        return 0;
    }
    memcpy(a.id, said->id, sizeof(a.id));
    (void)snprintf(a.by, sizeof(a.by), "%s", said->statement->by);
    a.said_unix_s = said->statement->said_unix_s;
    /* They come as they were said: each goes behind those that begin no later. */
    int code = bw_said_list_add(&r->list, &a);
    if (code < 0) {
        return code;
    }
    struct bw_annotation_said *rows = r->list.rows;
    size_t at = r->list.n - 1;
    while (at > 0 && rows[at - 1].annotation.from_unix_s > a.annotation.from_unix_s) {
        rows[at] = rows[at - 1];
        at--;
    }
    rows[at] = a;
    return 0;
}

int bw_annotations_read(struct bw_catalogue *c,
                        const char *site,
                        const char *circuit,
                        int64_t from_unix_s,
                        int64_t to_unix_s,
                        struct bw_annotation_said **ret,
                        size_t *ret_n,
                        int64_t *ret_unread,
                        struct bw_err *reterr)
{
    struct reading reading = {
        .list = {.size = sizeof(struct bw_annotation_said), .max = BW_ANNOTATIONS_MAX},
        .from_unix_s = from_unix_s,
        .to_unix_s = to_unix_s};
    char what[sizeof("annotations of .") + BW_SITE_MAX + BW_NAME_MAX];
    char about[BW_ANNOTATION_ABOUT_MAX + 1];
    bw_annotation_about(site, circuit, about);
    (void)snprintf(what, sizeof(what), "annotations of %s.%s", site, circuit);
    int r =
        bw_said_list_read(c, &(struct bw_said_query){.kind = "annotation", .about = about},
                          take, &reading, &reading.list, what, reterr);
    if (r < 0) {
        return r;
    }
    *ret = reading.list.rows;
    *ret_n = reading.list.n;
    *ret_unread = reading.list.unread;
    return 0;
}
