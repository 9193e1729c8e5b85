/* SPDX-License-Identifier: GPL-3.0-or-later
 * mail.h - a message as RFC 5322 and MIME have it: the same text plain and as HTML, with
 * files where there are any, made by a program (RFC 3834), of one list (RFC 2919), in
 * threads. Pure; any thread.
 *
 * No text that comes in can begin a header or end one: what is not plain ASCII without
 * control characters is encoded (RFC 2047), and bodies are base64. */
#ifndef BW_MAIL_H
#define BW_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_buf;
struct bw_err;

enum bw_mail_limits {
    BW_MAIL_ADDRESS_MAX = 254, /* RFC 5321 section 4.5.3.1.3 */
    BW_MAIL_ID_MAX = 159
};

/* A file that comes with a mail. */
struct bw_mail_file {
    const char *name; /* letters, digits, '.', '_' and '-', 120 at most */
    const char *type; /* "application/pdf" */
    const void *data; /* lent, as all of this */
    size_t n;
};

struct bw_mail {
    const char *from; /* an address that fits */
    const char *from_name;
    const char *to; /* one address that fits */
    const char *subject;
    const char *text;       /* lines end with \n */
    const char *html;       /* a whole page; NULL: none */
    const char *message_id; /* of bw_mail_id() */
    const char *references; /* the id of the thread's first; "" none */
    const char *list_id;    /* "alerts.collector.alder.example" */
    const char *list_name;
    int64_t date_unix_s;
    const struct bw_mail_file *files;
    size_t n_files;
};

/* "noc@alder.example": a dot-atom, and a domain of letters, digits, hyphens and dots. */
bool bw_mail_address_fits(const char *address);
/* Behind its @; "" where there is none. */
const char *bw_mail_domain(const char *address);
/* The id of a key, the same for the same key: "<…@domain>". The domain of an address that
 * fits. */
void bw_mail_id(const char *key, const char *domain, char ret[BW_MAIL_ID_MAX + 1]);

/* Append it, lines ending with CR LF. -EINVAL for an address, id or file's
 * name that does not fit; -E2BIG. */
int bw_mail_write(const struct bw_mail *m, struct bw_buf *out, struct bw_err *reterr);

#endif
