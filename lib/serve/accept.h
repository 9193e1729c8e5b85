/* SPDX-License-Identifier: GPL-3.0-or-later
 * accept.h - which coding of an answer a client takes: Accept-Encoding, RFC 9110 §12.5.3.
 * Pure. */
#ifndef BW_ACCEPT_H
#define BW_ACCEPT_H

enum {
    BW_ACCEPT_UNNAMED = -1
};

/* Weights in thousandths. */
struct bw_accept {
    int gzip;
    int identity;
    int any; /* "*" */
};

enum bw_accept_answer {
    BW_ACCEPT_PLAIN,
    BW_ACCEPT_GZIP,      /* rather than plain */
    BW_ACCEPT_GZIP_ONLY, /* plain is refused */
    BW_ACCEPT_NOTHING    /* both are */
};

void bw_accept_init(struct bw_accept *a); /* no header */
/* One header of perhaps several. A member that is no coding with a weight is passed over;
 * of one that stands twice the lower weight counts. */
void bw_accept_read(struct bw_accept *a, const char *value);
enum bw_accept_answer bw_accept_answer(const struct bw_accept *a);

#endif
