/* SPDX-License-Identifier: GPL-3.0-or-later
 * said_fixture.c - a catalogue in which people say things. */
#include "said_fixture.h"

#include "bw_test.h"
#include "store_chain.h"

#include <catalogue.h>
#include <hash.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

int said_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char path[300];
    assert_non_null(f);
    assert_int_equal(bw_crypto_init(), 0);
    f->folder = tmp_folder();
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", f->folder);
    assert_int_equal(bw_catalogue_open(path, &f->c, &f->err), 0);
    assert_int_equal(bw_tz_load("America/Chicago", &f->tz, &f->err), 0);
    *state = f;
    return 0;
}

int said_teardown(void **state)
{
    struct fixture *f = *state;
    bw_tz_free(f->tz);
    bw_catalogue_close(f->c);
    tmp_folder_drop(f->folder);
    free(f);
    return 0;
}

void say(struct fixture *f,
         enum bw_statement_kind kind,
         const char *about,
         const char *replaces,
         const char *body,
         char id[BW_HASH_LEN + 1])
{
    struct bw_statement s;
    bw_statement_init(&s, kind);
    (void)snprintf(s.about, sizeof(s.about), "%s", about);
    (void)snprintf(s.by, sizeof(s.by), "grey");
    s.said_unix_s = ++f->now_unix_s;
    s.n_replaces = replaces != NULL;
    (void)snprintf(s.replaces[0], sizeof(s.replaces[0]), "%s", replaces ? replaces : "");
    s.body = body;
    s.n_body = strlen(body);
    if (bw_catalogue_say(f->c, &s, 1, id, &f->err) < 0) {
        fail_msg("%s: %s", body, f->err.text);
    }
}
