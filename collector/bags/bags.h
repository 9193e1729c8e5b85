/* SPDX-License-Identifier: GPL-3.0-or-later
 * bags.h - the collector makes each circuit's bag of each funding year once, by itself,
 * some days after its end, at quiet hours; and gives it to whoever may have it. Loop's
 * thread. */
#ifndef BW_BAGS_H
#define BW_BAGS_H

#include <stdint.h>

struct bw_bags;
struct bw_buf;
struct bw_err;
struct bw_errands;
struct bw_http_req;
struct bw_readers;
struct uv_loop_s;

struct bw_bags_opts {
    const char *data_dir; /* lent, as all texts */
    const char *folder;   /* of the bags; made when missing */
    const char *hook;     /* run with the path of each bag that was made; "": none */
    struct bw_readers *readers;
    struct bw_errands *errands;
    int64_t after_s; /* so long after the year's end */
    int64_t every_ms;
    int quiet_from_min; /* of the day, by this machine's zone */
    int quiet_to_min;
};

int bw_bags_new(struct uv_loop_s *loop,
                const struct bw_bags_opts *opts,
                struct bw_bags **ret,
                struct bw_err *reterr);
const char *bw_bags_folder(const struct bw_bags *b);
void bw_bags_metrics(const struct bw_bags *b, struct bw_buf *out);
/* After the errands and before the readers are closed; cb later. NULL is fine (no cb). */
void bw_bags_close(struct bw_bags *b, void (*cb)(void *owner), void *owner);

/* GET /api/v1/sites/{}/bags, /api/v1/sites/{}/bags/{}; POST /api/v1/bags, signed by a box
 */
void bw_bags_list_get(void *owner, struct bw_http_req *req);
void bw_bags_file_get(void *owner, struct bw_http_req *req);
void bw_bags_post(void *owner, struct bw_http_req *req);

#endif
