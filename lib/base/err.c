/* SPDX-License-Identifier: GPL-3.0-or-later
 * err.c - the sentence that travels with a failure.
 *
 * Invariant: text always ends in NUL; a sentence too long is cut, never refused. */
#include <bw/err.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int bw_err_set(struct bw_err *reterr, int code, const char *fmt, ...)
{
    va_list ap;

    if (!reterr) {
        return code;
    }
    va_start(ap, fmt);
    if (vsnprintf(reterr->text, sizeof(reterr->text), fmt, ap) < 0) {
        reterr->text[0] = '\0';
    }
    va_end(ap);
    return code;
}

/* Append what fits at *at. */
static void append(struct bw_err *err, size_t *at, const char *text)
{
    for (; *text && *at + 1 < sizeof(err->text); text++) {
        err->text[(*at)++] = *text;
    }
    if (*at < sizeof(err->text)) {
        err->text[*at] = '\0';
    }
}

int bw_err_prefix(struct bw_err *reterr, int code, const char *fmt, ...)
{
    struct bw_err old;
    va_list ap;
    int n;
    size_t at;

    if (!reterr) {
        return code;
    }
    old = *reterr;
    old.text[sizeof(old.text) - 1] = '\0';
    va_start(ap, fmt);
    n = vsnprintf(reterr->text, sizeof(reterr->text), fmt, ap);
    va_end(ap);
    at = n < 0 ? 0 : (size_t)n;
    append(reterr, &at, ": ");
    append(reterr, &at, old.text);
    return code;
}

/* In the order of enum bw_errno. */
static const char *const own_texts[] = {
    [BW_ENEWER - BW_EBASE] = "needs a newer reader",
    [BW_EMALFORMED - BW_EBASE] = "malformed",
    [BW_ESIGNATURE - BW_EBASE] = "signature does not fit",
    [BW_EUNKNOWNKEY - BW_EBASE] = "unknown key",
    [BW_EFORK - BW_EBASE] = "fork",
    [BW_EHOLE - BW_EBASE] = "hole in the chain",
    [BW_EREFUSED - BW_EBASE] = "refused",
    [BW_ENOLOOKUP - BW_EBASE] = "the name could not be looked up",
    [BW_ENOSOURCE - BW_EBASE] = "this machine does not have the source address",
};

const char *bw_strerror(int code)
{
    const char *text;
    int e;

    if (code >= 0) {
        return code == 0 ? "success" : "not an error code";
    }
    if (code <= -BW_EBASE) {
        size_t i = (size_t)(-(int64_t)code - BW_EBASE);
        return i < sizeof(own_texts) / sizeof(own_texts[0]) && own_texts[i]
                   ? own_texts[i]
                   : "unknown error";
    }
    e = -code;
    text = strerrordesc_np(e);
    return text ? text : "unknown error";
}
