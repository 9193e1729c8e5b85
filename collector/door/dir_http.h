/* SPDX-License-Identifier: GPL-3.0-or-later
 * dir_http.h - questions to a directory, by libcurl on the loop. Answers are read whole, up
 * to BW_DIR_ANSWER bytes; redirects are not followed. */
#ifndef BW_DIR_HTTP_H
#define BW_DIR_HTTP_H

#include <stdbool.h>
#include <stddef.h>

struct bw_dir_http;
struct uv_loop_s;

enum {
    BW_DIR_ANSWER = 256 * 1024,
    BW_DIR_AT_ONCE = 32
};

struct bw_dir_answer {
    int r;       /* 0: there is an answer, whatever its status; -ECANCELED; -EIO */
    long status; /* of HTTP */
    const char *body;
    size_t n;
    const char *why; /* of -EIO, for a log */
};
typedef void (*bw_dir_answer_cb)(void *owner, const struct bw_dir_answer *a);

struct bw_dir_question {
    const char *url;
    const char *form; /* NULL: GET; else a body of application/x-www-form-urlencoded */
    const char *authorization; /* the header's value; NULL: none */
};

/* clear: http is allowed too. ca_file "": the system's. */
int bw_dir_http_new(struct uv_loop_s *loop,
                    const char *ca_file,
                    bool clear,
                    struct bw_dir_http **ret);
/* Everything of *q is copied. 0: cb follows, later; -EBUSY: too many at once; -ENOMEM. */
int bw_dir_http_ask(struct bw_dir_http *h,
                    const struct bw_dir_question *q,
                    bw_dir_answer_cb cb,
                    void *owner);
/* What is under way is called back with -ECANCELED now. closed() later; NULL is a no-op. */
void bw_dir_http_close(struct bw_dir_http *h, void (*closed)(void *owner), void *owner);

#endif
