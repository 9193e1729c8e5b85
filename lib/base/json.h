/* SPDX-License-Identifier: GPL-3.0-or-later
 * json.h - JSON, strictly: reading by jansson with duplicates, depth and size refused,
 * getters that name the member at fault; and a small writer into a bw_buf.
 *
 * Numbers are 64-bit integers; a fraction or exponent is refused by the getters. */
#ifndef BW_JSON_H
#define BW_JSON_H

#include <bw/units.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum {
    BW_JSON_DEPTH_MAX = 16
};

/* An object or array of n bytes, at most `max` bytes and BW_JSON_DEPTH_MAX deep; -E2BIG
 * or -BW_EMALFORMED with line and column. *ret is freed with json_decref(). Any thread. */
int bw_json_parse(
    const char *text, size_t n, size_t max, json_t **ret, struct bw_err *reterr);

/* Members of an object. `get` fails when the member is absent; `opt` gives BW_UNKNOWN,
 * NULL or leaves *ret alone (bool). null counts as wrong, not as absent. All give
 * -BW_EMALFORMED naming the member. Strings are lent by the object and at most max bytes
 * long; empty is allowed. */
int bw_json_get_i64(const json_t *object,
                    const char *name,
                    int64_t min,
                    int64_t max,
                    int64_t *ret,
                    struct bw_err *reterr);
int bw_json_opt_i64(const json_t *object,
                    const char *name,
                    int64_t min,
                    int64_t max,
                    int64_t *ret,
                    struct bw_err *reterr);
int bw_json_get_str(const json_t *object,
                    const char *name,
                    size_t max,
                    const char **ret,
                    struct bw_err *reterr);
int bw_json_opt_str(const json_t *object,
                    const char *name,
                    size_t max,
                    const char **ret,
                    struct bw_err *reterr);
int bw_json_get_bool(const json_t *object,
                     const char *name,
                     bool *ret,
                     struct bw_err *reterr);
int bw_json_opt_bool(const json_t *object,
                     const char *name,
                     bool *ret,
                     struct bw_err *reterr);
/* Objects and arrays are lent (borrowed); arrays have at most max elements. */
int bw_json_get_obj(const json_t *object,
                    const char *name,
                    const json_t **ret,
                    struct bw_err *reterr);
int bw_json_opt_obj(const json_t *object,
                    const char *name,
                    const json_t **ret,
                    struct bw_err *reterr);
int bw_json_get_arr(const json_t *object,
                    const char *name,
                    size_t max,
                    const json_t **ret,
                    struct bw_err *reterr);
int bw_json_opt_arr(const json_t *object,
                    const char *name,
                    size_t max,
                    const json_t **ret,
                    struct bw_err *reterr);
/* Refuse members that are not in `names` (NULL-terminated). */
int bw_json_only(const json_t *object, const char *const *names, struct bw_err *reterr);

/* A writer: commas and escapes are its business, order and white space (none) the
 * caller's calls. Errors stick in the bw_buf. At most BW_JW_DEPTH_MAX levels. */
enum {
    BW_JW_DEPTH_MAX = 32
};
struct bw_jw {
    struct bw_buf *out;
    uint32_t depth;
    uint32_t comma; /* bit d: level d already has an element */
    bool after_key;
};

void bw_jw_init(struct bw_jw *w, struct bw_buf *out);
void bw_jw_obj(struct bw_jw *w); /* { */
void bw_jw_obj_end(struct bw_jw *w);
void bw_jw_arr(struct bw_jw *w); /* [ */
void bw_jw_arr_end(struct bw_jw *w);
void bw_jw_key(struct bw_jw *w, const char *name);
void bw_jw_str(struct bw_jw *w, const char *text); /* NULL: null */
void bw_jw_strn(struct bw_jw *w, const char *text, size_t n);
void bw_jw_i64(struct bw_jw *w, int64_t v); /* BW_UNKNOWN: null */
void bw_jw_bool(struct bw_jw *w, bool v);
void bw_jw_null(struct bw_jw *w);
void bw_jw_raw(struct bw_jw *w, const char *json, size_t n); /* a value made elsewhere */

/* A member in one call; nothing at all for NULL or BW_UNKNOWN: absent is unknown. */
void bw_jw_kstr(struct bw_jw *w, const char *name, const char *text);
void bw_jw_ki64(struct bw_jw *w, const char *name, int64_t v);
void bw_jw_kbool(struct bw_jw *w, const char *name, bool v);
/* A key with an opening brace or bracket. */
void bw_jw_kobj(struct bw_jw *w, const char *name);
void bw_jw_karr(struct bw_jw *w, const char *name);

/* Append a JSON string with its quotes: ", \, control characters escaped (\n \t \r \b \f,
 * else \u00xx), the rest as it is; bytes that are no UTF-8 become U+FFFD. */
void bw_json_quote(struct bw_buf *out, const char *text, size_t n);

#endif
