/* SPDX-License-Identifier: GPL-3.0-or-later
 * json.c - reading JSON strictly.
 *
 * Invariant: size and depth are checked before jansson sees a byte; a getter either
 * gives a value of the asked type and range or a sentence with the member's name. */
#include "json.h"

#include <bw/err.h>
#include <errno.h>
#include <string.h>

/* Deepest nesting of braces and brackets outside strings; the text may be anything. */
static size_t depth_of(const char *text, size_t n)
{
    size_t depth = 0;
    size_t deepest = 0;
    bool in_string = false;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

int bw_json_parse(
    const char *text, size_t n, size_t max, json_t **ret, struct bw_err *reterr)
{
    json_error_t why;
    json_t *v;

    if (n > max) {
        return bw_err_set(reterr, -E2BIG, "JSON: longer than %zu bytes", max);
    }
    if (depth_of(text, n) > BW_JSON_DEPTH_MAX) {
        return bw_err_set(reterr, -BW_EMALFORMED, "JSON: deeper than %d levels",
                          BW_JSON_DEPTH_MAX);
    }
    v = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
    if (!v) {
        return bw_err_set(reterr, -BW_EMALFORMED, "JSON: line %d, column %d: %s", why.line,
                          why.column, why.text);
    }
    *ret = v;
    return 0;
}

static int fault(struct bw_err *reterr, const char *name, const char *what)
{
    return bw_err_set(reterr, -BW_EMALFORMED, "member '%s' %s", name, what);
}

static int missing(struct bw_err *reterr, const char *name)
{
    return fault(reterr, name, "is missing");
}

int bw_json_opt_i64(const json_t *object,
                    const char *name,
                    int64_t min,
                    int64_t max,
                    int64_t *ret,
                    struct bw_err *reterr)
{
    const json_t *v = json_object_get(object, name);

    if (!v) {
        *ret = BW_UNKNOWN;
        return 0;
    }
    if (!json_is_integer(v)) {
        return fault(reterr, name, "must be a whole number");
    }
    if (json_integer_value(v) == BW_UNKNOWN || json_integer_value(v) < min ||
        json_integer_value(v) > max) {
        return bw_err_set(reterr, -BW_EMALFORMED, "member '%s' must be from %lld to %lld",
                          name, (long long)min, (long long)max);
    }
    *ret = json_integer_value(v);
    return 0;
}

int bw_json_get_i64(const json_t *object,
                    const char *name,
                    int64_t min,
                    int64_t max,
                    int64_t *ret,
                    struct bw_err *reterr)
{
    if (!json_object_get(object, name)) {
        return missing(reterr, name);
    }
    return bw_json_opt_i64(object, name, min, max, ret, reterr);
}

int bw_json_opt_str(const json_t *object,
                    const char *name,
                    size_t max,
                    const char **ret,
                    struct bw_err *reterr)
{
    const json_t *v = json_object_get(object, name);

    if (!v) {
        *ret = NULL;
        return 0;
    }
    if (!json_is_string(v)) {
        return fault(reterr, name, "must be a string");
    }
    if (json_string_length(v) > max) {
        return bw_err_set(reterr, -BW_EMALFORMED, "member '%s' is longer than %zu bytes",
                          name, max);
    }
    *ret = json_string_value(v);
    return 0;
}

int bw_json_get_str(const json_t *object,
                    const char *name,
                    size_t max,
                    const char **ret,
                    struct bw_err *reterr)
{
    if (!json_object_get(object, name)) {
        return missing(reterr, name);
    }
    return bw_json_opt_str(object, name, max, ret, reterr);
}

int bw_json_opt_bool(const json_t *object,
                     const char *name,
                     bool *ret,
                     struct bw_err *reterr)
{
    const json_t *v = json_object_get(object, name);

    if (!v) {
        return 0;
    }
    if (!json_is_boolean(v)) {
        return fault(reterr, name, "must be true or false");
    }
    *ret = json_is_true(v);
    return 0;
}

int bw_json_get_bool(const json_t *object,
                     const char *name,
                     bool *ret,
                     struct bw_err *reterr)
{
    if (!json_object_get(object, name)) {
        return missing(reterr, name);
    }
    return bw_json_opt_bool(object, name, ret, reterr);
}

int bw_json_opt_obj(const json_t *object,
                    const char *name,
                    const json_t **ret,
                    struct bw_err *reterr)
{
    const json_t *v = json_object_get(object, name);

    if (v && !json_is_object(v)) {
        return fault(reterr, name, "must be an object");
    }
    *ret = v;
    return 0;
}

int bw_json_get_obj(const json_t *object,
                    const char *name,
                    const json_t **ret,
                    struct bw_err *reterr)
{
    if (!json_object_get(object, name)) {
        return missing(reterr, name);
    }
    return bw_json_opt_obj(object, name, ret, reterr);
}

int bw_json_opt_arr(const json_t *object,
                    const char *name,
                    size_t max,
                    const json_t **ret,
                    struct bw_err *reterr)
{
    const json_t *v = json_object_get(object, name);

    if (v && !json_is_array(v)) {
        return fault(reterr, name, "must be an array");
    }
    if (v && json_array_size(v) > max) {
        return bw_err_set(reterr, -BW_EMALFORMED, "member '%s' has more than %zu elements",
                          name, max);
    }
    *ret = v;
    return 0;
}

int bw_json_get_arr(const json_t *object,
                    const char *name,
                    size_t max,
                    const json_t **ret,
                    struct bw_err *reterr)
{
    if (!json_object_get(object, name)) {
        return missing(reterr, name);
    }
    return bw_json_opt_arr(object, name, max, ret, reterr);
}

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Members of the object that are in the list. */
static size_t count_listed(const json_t *object, const char *const *names)
{
    size_t n = 0;

    for (size_t i = 0; names[i]; i++) {
        n += json_object_get(object, names[i]) != NULL;
    }
    return n;
}

int bw_json_only(const json_t *object, const char *const *names, struct bw_err *reterr)
{
    json_t *copy;
    const char *name;
    json_t *value;
    int r = 0;

    if (!json_is_object(object)) {
        return bw_err_set(reterr, -BW_EMALFORMED, "must be an object");
    }
    if (count_listed(object, names) == json_object_size(object)) {
        return 0;
    }
    /* jansson 2.14 walks no const objects; a copy is walked to name the stranger */
    copy = json_deep_copy(object);
    json_object_foreach(copy, name, value)
    {
        if (!is_listed(names, name)) {
            r = bw_err_set(reterr, -BW_EMALFORMED, "unknown member '%.60s'", name);
            break;
        }
    }
    json_decref(copy);
    return r < 0 ? r : bw_err_set(reterr, -BW_EMALFORMED, "unknown member");
}
