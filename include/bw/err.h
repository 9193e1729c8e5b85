/* SPDX-License-Identifier: GPL-3.0-or-later
 * err.h - how a failure travels: 0 or -errno as the return value, and beside it a
 * sentence for a person in a struct bw_err.
 *
 * A function that takes `struct bw_err *reterr` writes it only when it fails; the
 * pointer may be NULL when the caller wants the number alone. The sentence names the
 * file, line or field and the mend, starts lower case and has no full stop. */
#ifndef BW_ERR_H
#define BW_ERR_H

/* Codes of our own, beyond every errno. One is added only when a caller branches on
 * it; all are returned negated, like errno. */
enum bw_errno {
    BW_EBASE = 5000,
    BW_ENEWER,      /* a record or file of a version this program does not read */
    BW_EMALFORMED,  /* bytes that break their own format */
    BW_ESIGNATURE,  /* a signature that does not fit key and bytes */
    BW_EUNKNOWNKEY, /* a key identifier nobody enrolled */
    BW_EFORK,       /* two records under one (kid, seq) */
    BW_EHOLE,       /* a chain that does not follow its predecessor */
    BW_EREFUSED,    /* the other side refused, for good */
    BW_ENOLOOKUP,   /* whether a name has an address is not known (yet) */
    BW_ENOSOURCE    /* the source address to send from is none of this machine's just now */
};

struct bw_err {
    char text[480];
};

/* Write the sentence (printf-like) and give back `code`, so that one line does both:
 *     return bw_err_set(reterr, -EINVAL, "%s:%d: …", file, line);
 * reterr may be NULL. Any thread. */
int bw_err_set(struct bw_err *reterr, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " before the sentence already there. Gives back `code`. */
int bw_err_prefix(struct bw_err *reterr, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A short name for 0, -errno or -BW_E*; static storage, never NULL, any thread. */
const char *bw_strerror(int code);

#endif
