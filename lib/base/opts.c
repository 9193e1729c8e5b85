/* SPDX-License-Identifier: GPL-3.0-or-later
 * opts.c - one instance's checked options.
 *
 * Invariant: every option of the spec has a value that its spec accepts, or is not set
 * and its default is ""; nothing changes after it was made. */
#include "conf.h"
#include "conf_private.h"

#include <assert.h>
#include <bw/err.h>
#include <bw/opts.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct value {
    int64_t held;
    char *text; /* canonical; NULL until set */
    bool given;
};

struct bw_opts {
    const struct bw_optspec *spec;
    size_t n_spec;
    struct value *values; /* one a row of spec */
    char *name;
    char *circuit;
    char *device;
    char *source4;
    char *source6;
    struct bw_target *targets;
    size_t n_targets;
};

void bw_opts_free(struct bw_opts *o)
{
    if (!o) {
        return;
    }
    for (size_t i = 0; o->values && i < o->n_spec; i++) {
        if (o->values[i].text && o->spec[i].flags & BW_OPT_SECRET) {
            explicit_bzero(o->values[i].text, strlen(o->values[i].text));
        }
        free(o->values[i].text);
    }
    free(o->values);
    free(o->name);
    free(o->circuit);
    free(o->device);
    free(o->source4);
    free(o->source6);
    free(o->targets);
    free(o);
}

static int set_value(struct bw_opts *o, size_t i, const char *text, struct bw_err *reterr)
{
    struct value *v = &o->values[i];
    return bw_optspec_take(&o->spec[i], text, &v->held, &v->text, reterr);
}

static int
unknown_key(const struct bw_opts *o, const char *key, size_t n, struct bw_err *reterr)
{
    const char *names[64] = {NULL};
    char word[64];
    const char *near;
    size_t count = o->n_spec < 63 ? o->n_spec : 63;

    n = n < sizeof(word) ? n : sizeof(word) - 1;
    memcpy(word, key, n);
    word[n] = '\0';
    for (size_t i = 0; i < count; i++) {
        names[i] = o->spec[i].name;
    }
    near = bw_conf_nearest(word, names);
    return bw_err_set(reterr, -EINVAL, "unknown option '%s'%s%s%s", word,
                      near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int take_pair(struct bw_opts *o, const char *pair, struct bw_err *reterr)
{
    const char *equal = strchr(pair, '=');
    size_t n = equal ? (size_t)(equal - pair) : 0;

    if (!equal || n == 0) {
        return bw_err_set(reterr, -EINVAL, "'%.100s': an option is written name=value",
                          pair);
    }
    for (size_t i = 0; i < o->n_spec; i++) {
        if (strlen(o->spec[i].name) == n && memcmp(o->spec[i].name, pair, n) == 0) {
            if (o->values[i].given) {
                return bw_err_set(reterr, -EINVAL, "option '%s' is given twice",
                                  o->spec[i].name);
            }
            o->values[i].given = true;
            return set_value(o, i, equal + 1, reterr);
        }
    }
    return unknown_key(o, pair, n, reterr);
}

static int take_head(struct bw_opts *o, const struct bw_opts_head *head)
{
    o->name = strdup(head->name ? head->name : "");
    o->circuit = strdup(head->circuit ? head->circuit : "");
    o->device = strdup(head->device ? head->device : "");
    o->source4 = strdup(head->source4 ? head->source4 : "");
    o->source6 = strdup(head->source6 ? head->source6 : "");
    o->targets = calloc(head->n_targets ? head->n_targets : 1, sizeof(*o->targets));
    if (!o->name || !o->circuit || !o->device || !o->source4 || !o->source6 ||
        !o->targets) {
        return -ENOMEM;
    }
    if (head->n_targets > 0) {
        memcpy(o->targets, head->targets, head->n_targets * sizeof(*o->targets));
    }
    o->n_targets = head->n_targets;
    return 0;
}

int bw_opts_from_pairs(const struct bw_optspec *spec,
                       const struct bw_opts_head *head,
                       const char *const *pairs,
                       size_t n_pairs,
                       struct bw_opts **ret,
                       struct bw_err *reterr)
{
    struct bw_opts *o = calloc(1, sizeof(*o));
    int r = o ? 0 : -ENOMEM;

    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s", bw_strerror(r));
        goto out;
    }
    o->spec = spec;
    while (spec[o->n_spec].type != BW_OPT_END) {
        o->n_spec++;
    }
    o->values = calloc(o->n_spec ? o->n_spec : 1, sizeof(*o->values));
    r = o->values ? take_head(o, head) : -ENOMEM;
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s", bw_strerror(r));
        goto out;
    }
    for (size_t i = 0; i < n_pairs; i++) {
        r = take_pair(o, pairs[i], reterr);
        if (r < 0) {
            goto out;
        }
    }
    for (size_t i = 0; i < o->n_spec; i++) {
        if (o->values[i].given) {
            continue;
        }
        if (!spec[i].def) {
            r = bw_err_set(reterr, -EINVAL, "option '%s' is missing", spec[i].name);
            goto out;
        }
        if (spec[i].def[0] != '\0') {
            r = set_value(o, i, spec[i].def, reterr);
            assert(r != -EINVAL); /* a default its own spec refuses */
            if (r < 0) {
                goto out;
            }
        } else if (spec[i].type != BW_OPT_SET && spec[i].type != BW_OPT_STRING) {
            o->values[i].held = BW_UNKNOWN;
        }
    }
    *ret = o;
    o = NULL;
out:
    bw_opts_free(o);
    return r;
}

static const struct value *
find(const struct bw_opts *o, const char *name, const struct bw_optspec **ret_spec)
{
    const struct bw_optspec *spec = bw_optspec_find(o->spec, name);

    assert(spec != NULL);
    if (!spec) {
        abort(); /* a name outside the spec is our bug in a release, too */
    }
    *ret_spec = spec;
    return &o->values[spec - o->spec];
}

int64_t bw_opt_int(const struct bw_opts *o, const char *name)
{
    const struct bw_optspec *spec;
    const struct value *v = find(o, name, &spec);

    assert(spec->type != BW_OPT_STRING);
    return v->held;
}

const char *bw_opt_str(const struct bw_opts *o, const char *name)
{
    const struct bw_optspec *spec;
    const struct value *v = find(o, name, &spec);

    assert(spec->type == BW_OPT_STRING || spec->type == BW_OPT_ENUM);
    return v->text ? v->text : "";
}

const char *bw_opts_text(const struct bw_opts *o, const char *name)
{
    const struct bw_optspec *spec;
    const struct value *v = find(o, name, &spec);

    return v->text ? v->text : "";
}

const struct bw_optspec *bw_opts_spec(const struct bw_opts *o)
{
    return o->spec;
}

const char *bw_opts_name(const struct bw_opts *o)
{
    return o->name;
}

const char *bw_opts_circuit(const struct bw_opts *o)
{
    return o->circuit;
}

const char *bw_opts_device(const struct bw_opts *o)
{
    return o->device;
}

const char *bw_opts_source(const struct bw_opts *o, int family)
{
    return family == 6 ? o->source6 : o->source4;
}

size_t bw_opts_n_targets(const struct bw_opts *o)
{
    return o->n_targets;
}

const struct bw_target *bw_opts_target(const struct bw_opts *o, size_t i)
{
    return i < o->n_targets ? &o->targets[i] : NULL;
}
