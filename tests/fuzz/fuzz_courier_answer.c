/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_courier_answer.c - whatever a collector answers, nothing outside of what was sent
 * is ever spoken of. */
#include "courier_answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum {
    SENT = 5
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct bw_courier_ref sent[SENT];
    struct bw_courier_answer a;
    char text[200];
    for (int i = 0; i < SENT; i++) {
        memset(&sent[i], 0, sizeof(sent[i]));
        memset(sent[i].kid, i < 3 ? 'A' : 'B', BW_KID_LEN);
        sent[i].seq = 7 + i;
    }
    if (bw_courier_answer_read((const char *)data, n, sent, SENT, &a, NULL) == 0) {
        for (size_t i = 0; i < a.n_chains; i++) {
            const struct bw_courier_chain *c = &a.chains[i];
            if (c->acked_through > 11 || c->acked_through > c->said_through ||
                (c->ref && (c->ref < sent || c->ref >= sent + SENT))) {
                abort();
            }
        }
        for (size_t i = 0; i < a.n_refused; i++) {
            if (a.refused[i].ref < sent || a.refused[i].ref >= sent + SENT ||
                !a.refused[i].type || !a.refused[i].detail) {
                abort();
            }
        }
        bw_courier_answer_done(&a);
    }
    bw_courier_problem((const char *)data, n, text, sizeof(text));
    if (strlen(text) >= sizeof(text) || strchr(text, '\n')) {
        abort();
    }
    return 0;
}
