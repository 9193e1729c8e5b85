/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_selection.c - which circuits an FRN, a school, a district, a consortium has, in a
 * small world written down by hand. */
#include "bw_test.h"
#include "store_chain.h"

#include <binding.h>
#include <buf.h>
#include <bw/err.h>
#include <catalogue.h>
#include <claimline.h>
#include <district.h>
#include <entityline.h>
#include <errno.h>
#include <hash.h>
#include <selection.h>
#include <siteact.h>
#include <statement.h>
#include <stdio.h>
#include <string.h>
#include <tz.h>

#define DISTRICT "123450"
#define HERON "123456"
#define EGRET "123457"
#define STRANGER "123999"
#define RIVERS "700001"

struct world {
    char *folder;
    struct bw_catalogue *c;
    int64_t now_unix_s;
    struct bw_err err;
};

static void
say(struct world *w, enum bw_statement_kind kind, const char *about, struct bw_buf *body)
{
    struct bw_statement s;

    bw_statement_init(&s, kind);
    (void)snprintf(s.about, sizeof(s.about), "%s", about);
    (void)snprintf(s.by, sizeof(s.by), "grey");
    s.said_unix_s = ++w->now_unix_s;
    s.body = body->data;
    s.n_body = body->len;
    if (bw_catalogue_say(w->c, &s, 1, NULL, &w->err) < 0) {
        fail_msg("%s: %s", body->data, w->err.text);
    }
    bw_buf_done(body);
}

static void entity(struct world *w,
                   const char *number,
                   const char *name,
                   const char *type,
                   const char *parent)
{
    struct bw_entityline e;
    struct bw_buf body;
    char about[40];

    bw_entityline_init(&e);
    (void)snprintf(e.number, sizeof(e.number), "%s", number);
    (void)snprintf(e.name, sizeof(e.name), "%s", name);
    (void)snprintf(e.type, sizeof(e.type), "%s", type);
    (void)snprintf(e.parent, sizeof(e.parent), "%s", parent);
    bw_buf_init(&body, 16384);
    assert_int_equal(bw_entityline_encode(&e, &body, &w->err), 0);
    (void)snprintf(about, sizeof(about), "ben:%s", number);
    say(w, BW_STATEMENT_ENTITY, about, &body);
}

/* users: at most two, "" none; lines 0: not stated. */
static void claim(struct world *w,
                  const char *frn,
                  int64_t year,
                  const char *payer,
                  const char *user,
                  const char *other,
                  int64_t lines,
                  const char *status)
{
    char users[2][BW_NUMBER_MAX + 1];
    struct bw_claimline c;
    struct bw_buf body;
    char about[BW_CLAIM_ABOUT_MAX + 1];

    bw_claimline_init(&c);
    c.year = year;
    (void)snprintf(c.frn, sizeof(c.frn), "%s", frn);
    (void)snprintf(c.line, sizeof(c.line), "001");
    (void)snprintf(c.payer, sizeof(c.payer), "%s", payer);
    (void)snprintf(c.status, sizeof(c.status), "%s", status);
    memset(users, 0, sizeof(users));
    (void)snprintf(users[0], sizeof(users[0]), "%s", user);
    (void)snprintf(users[1], sizeof(users[1]), "%s", other);
    c.recipients.text = users;
    c.recipients.n = (size_t)((user[0] != 0) + (other[0] != 0));
    c.n_recipients = c.recipients.n > 0 ? (int64_t)c.recipients.n : BW_UNKNOWN;
    if (lines > 0) {
        c.quantity = (struct bw_decimal){.n = lines};
    }
    bw_buf_init(&body, 16384);
    if (bw_claimline_encode(&c, &body, &w->err) < 0) {
        fail_msg("%s", w->err.text);
    }
    assert_int_equal(bw_claimline_about(&c, about, &w->err), 0);
    say(w, BW_STATEMENT_CLAIM, about, &body);
}

static void bind_to(struct world *w, const char *frn, const char *circuit, const char *to)
{
    struct bw_binding b;
    struct bw_buf body;
    char about[100];

    bw_binding_init(&b);
    (void)snprintf(b.claim, sizeof(b.claim), "frn:%s.001", frn);
    memset(b.seen, 'A', BW_HASH_LEN);
    b.seen[BW_HASH_LEN] = '\0';
    (void)snprintf(b.to, sizeof(b.to), "%s", to);
    bw_buf_init(&body, 2000);
    if (bw_binding_encode(&b, &body, &w->err) < 0) {
        fail_msg("%s", w->err.text);
    }
    (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    say(w, BW_STATEMENT_BINDING, about, &body);
}

static void place(struct world *w, const char *id, const char *parent, const char *site)
{
    struct bw_entity e = {.kind = BW_ENTITY_SCHOOL, .from_unix_s = 1};
    struct bw_site s = {.state = BW_SITE_ENROLLED, .created_unix_s = 1};

    (void)snprintf(e.id, sizeof(e.id), "%s", id);
    (void)snprintf(e.name, sizeof(e.name), "%s", id);
    (void)snprintf(e.parent, sizeof(e.parent), "%s", parent);
    assert_int_equal(w->c->ops->entity_add(w->c, &e, &w->err), 0);
    if (site) {
        (void)snprintf(s.id, sizeof(s.id), "%s", site);
        (void)snprintf(s.entity, sizeof(s.entity), "%s", id);
        assert_int_equal(w->c->ops->site_add(w->c, &s, &w->err), 0);
    }
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    char path[300];

    assert_non_null(w);
    assert_int_equal(bw_crypto_init(), 0);
    w->folder = tmp_folder();
    (void)snprintf(path, sizeof(path), "%s/catalogue.db", w->folder);
    assert_int_equal(bw_catalogue_open(path, &w->c, &w->err), 0);
    entity(w, DISTRICT, "Willow Valley", "School District", "");
    entity(w, HERON, "Heron Elementary", "School", DISTRICT);
    entity(w, EGRET, "Egret High", "School", DISTRICT);
    entity(w, STRANGER, "Alder School", "School", "999990");
    entity(w, RIVERS, "Rivers Consortium", "Consortium", "");
    entity(w, "555550", "Birch Hill", "School District", "");
    claim(w, "2699000001", 2026, DISTRICT, HERON, "", 1, "Funded");
    claim(w, "2699000002", 2026, DISTRICT, HERON, EGRET, 3, "Funded");
    claim(w, "2699000003", 2026, RIVERS, HERON, STRANGER, 1, "Funded");
    claim(w, "2699000004", 2026, RIVERS, EGRET, STRANGER, 3, "Funded");
    claim(w, "2699000005", 2026, DISTRICT, EGRET, "", 1, "Denied");
    claim(w, "2599000006", 2025, DISTRICT, HERON, "", 1, "Funded");
    claim(w, "2699000007", 2026, DISTRICT, "", "", 0, "Funded");
    claim(w, "2599000008", 2025, "555550", "", "", 1, "Funded");
    bind_to(w, "2699000001", "s-heron.wan", "");
    bind_to(w, "2699000002", "s-wanaa.wan", "");
    bind_to(w, "2699000002", "s-wanbb.wan", "");
    bind_to(w, "2699000003", "s-hubby.wan", "");
    bind_to(w, "2699000004", "s-egret.wan", "");
    bind_to(w, "2699000004", "s-other.wan", "");
    bind_to(w, "2699000004", "s-where.wan", "");
    bind_to(w, "2599000006", "s-older.wan", "");
    bind_to(w, "2699000001", "s-ended.wan", "2026-09-30");
    place(w, "willow-123450", "", NULL);
    place(w, "egret-high", "willow-123450", "s-egret");
    place(w, "alder-123999", "", "s-other");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    bw_catalogue_close(w->c);
    tmp_folder_drop(w->folder);
    free(w);
    return 0;
}

/* "circuit(district)!" ('!': no record of it ever) "… | claim lines/bound/unmeasured". */
static int ask(struct world *w, enum bw_select_by by, const char *number, const char *want)
{
    static const struct bw_select_name recorded[] = {{"s-egret", "lan"},
                                                     {"s-egret", "wan"},
                                                     {"s-heron", "wan"},
                                                     {"s-other", "wan"},
                                                     {"s-wanaa", "wan"}};
    struct bw_select_asked asked = {.by = by,
                                    .number = number,
                                    .first = "2026-10-01",
                                    .last = "2026-10-31",
                                    .recorded = recorded,
                                    .n_recorded = 5};
    struct bw_selection s;
    struct bw_buf got;
    struct bw_tz *tz = NULL;
    int r = bw_tz_load("America/Chicago", &tz, &w->err);

    assert_int_equal(r, 0);
    asked.tz = tz;
    r = bw_select(w->c, &asked, &s, &w->err);

    bw_buf_init(&got, 8000);
    for (size_t i = 0; i < s.n; i++) {
        bw_buf_printf(&got, "%s.%s(%s)%s ", s.circuits[i].name.site,
                      s.circuits[i].name.circuit, s.circuits[i].district,
                      s.circuits[i].recorded ? "" : "!");
    }
    for (size_t i = 0; i < s.n_lines; i++) {
        const struct bw_selected_line *l = &s.lines[i];
        int64_t missing = bw_selected_unmeasured(l);
        bw_buf_printf(&got, "| %.3s%s%s%lld/%lld/", l->about + 11, l->shared ? "s" : "",
                      l->void_as[0] ? "v" : "",
                      (long long)(l->lines == BW_UNKNOWN ? -1 : l->lines),
                      (long long)l->n_bound);
        bw_buf_printf(&got, "%lld%s ", (long long)(missing == BW_UNKNOWN ? -1 : missing),
                      l->n_untold ? "?" : "");
    }
    if (want) {
        assert_int_equal(r, 0);
        assert_string_equal(got.data ? got.data : "", want);
    }
    bw_buf_done(&got);
    bw_selection_done(&s);
    bw_tz_free(tz);
    return r;
}

static void a_district(void **state)
{
    /* All that it pays for and all at its schools; of the consortium's the one line that
     * serves many, and that at Egret High; neither the stranger's nor one that nobody can
     * place. */
    ask(*state, BW_SELECT_DISTRICT, DISTRICT,
        "s-egret.lan(123450) s-egret.wan(123450) s-heron.wan(123450) s-hubby.wan(700001)! "
        "s-wanaa.wan(123450) s-wanbb.wan(123450)! "
        "| 0011/1/0 | 0023/2/1 | 003s1/1/0 | 004s3/3/0? | 005v1/0/0 | 007-1/0/-1 ");
}

static void a_school(void **state)
{
    ask(*state, BW_SELECT_SCHOOL, HERON,
        "s-heron.wan(123450) s-hubby.wan(700001)! | 0011/1/0 | 002s3/2/1? | 003s1/1/0 ");
}

static void a_consortium_and_an_frn(void **state)
{
    ask(*state, BW_SELECT_CONSORTIUM, RIVERS,
        "s-egret.wan(123450) s-hubby.wan(700001)! s-other.wan(999990) s-where.wan(700001)! "
        "| 0031/1/0 | 0043/3/0 ");
    ask(*state, BW_SELECT_FRN, "2699000002",
        "s-wanaa.wan(123450) s-wanbb.wan(123450)! | 0023/2/1 ");
    ask(*state, BW_SELECT_FRN, "2699000002.001",
        "s-wanaa.wan(123450) s-wanbb.wan(123450)! | 0023/2/1 ");
}

static void everything(void **state)
{
    ask(*state, BW_SELECT_ALL, "",
        "s-egret.lan(123450) s-egret.wan(123450) s-heron.wan(123450) s-hubby.wan(700001)! "
        "s-other.wan(999990) s-wanaa.wan(123450) s-wanbb.wan(123450)! s-where.wan(700001)! "
        "| 0011/1/0 | 0023/2/1 | 0031/1/0 | 0043/3/0 | 005v1/0/0 | 007-1/0/-1 ");
}

static void refused(
    struct world *w, enum bw_select_by by, const char *number, int code, const char *words)
{
    assert_int_equal(ask(w, by, number, NULL), code);
    if (!strstr(w->err.text, words)) {
        fail_msg("'%s' does not say '%s'", w->err.text, words);
    }
}

static void what_is_wrong_has_its_mend(void **state)
{
    struct world *w = *state;

    refused(w, BW_SELECT_FRN, "2699000099", -ENOENT, "import usac");
    refused(w, BW_SELECT_FRN, "26990000", -ENOENT, "not on file");
    refused(w, BW_SELECT_FRN, "2699000001.002", -ENOENT, "not on file");
    refused(w, BW_SELECT_DISTRICT, "424242", -ENOENT, "import usac");
    refused(w, BW_SELECT_FRN, "2599000006", -ENODATA, "funding year 2025");
    refused(w, BW_SELECT_DISTRICT, "555550", -ENODATA, "funding year 2025");
    refused(w, BW_SELECT_FRN, "2699000007", -ENODATA, "claim confirm");
    refused(w, BW_SELECT_SCHOOL, DISTRICT, -EINVAL, "--district 123450");
    refused(w, BW_SELECT_DISTRICT, RIVERS, -EINVAL, "--consortium 700001");
    refused(w, BW_SELECT_CONSORTIUM, HERON, -EINVAL, "--school 123456");
}

/* A version of the claim own:oak of 100200, said at a time, in place of another. */
static void version(struct world *w,
                    int64_t said_unix_s,
                    const char *mbps,
                    const char *tail,
                    const char *replaces,
                    char id[BW_HASH_LEN + 1])
{
    struct bw_statement s;
    char body[400];

    bw_statement_init(&s, BW_STATEMENT_CLAIM);
    (void)snprintf(s.about, sizeof(s.about), "own:oak");
    (void)snprintf(s.by, sizeof(s.by), "grey");
    s.said_unix_s = said_unix_s;
    s.n_replaces = replaces != NULL;
    (void)snprintf(s.replaces[0], sizeof(s.replaces[0]), "%s", replaces ? replaces : "");
    (void)snprintf(body, sizeof(body),
                   "{\"v\":1,\"year\":2026,\"own\":\"oak\",\"payer\":\"100200\","
                   "\"role\":\"internet\",\"down\":{\"bps\":%s000000,\"filed\":\"%s\","
                   "\"unit\":\"Mbps\"},\"quantity\":\"1\"%s}",
                   mbps, mbps, tail);
    s.body = body;
    s.n_body = strlen(body);
    if (bw_catalogue_say(w->c, &s, 1, id, &w->err) < 0) {
        fail_msg("%s: %s", body, w->err.text);
    }
}

/* What 100200 claims on a day of 2026, in Mbit/s, by one line or none. */
static void
on(struct world *w, const char *zone, const char *day, int64_t want_mbps, size_t want_rows)
{
    struct bw_district d = {.number = "100200"};
    struct bw_tz *tz = NULL;

    assert_int_equal(bw_tz_load(zone, &tz, &w->err), 0);
    assert_int_equal(bw_districts_read(w->c, &d, 1, 2026, day, tz, &w->err), 0);
    if (d.claimed.n != want_rows ||
        d.claimed.sum[BW_DOWN].bps != (want_mbps < 0 ? BW_UNKNOWN : want_mbps * 1000000)) {
        fail_msg("%s %s: %lld, %zu rows", zone, day, (long long)d.claimed.sum[BW_DOWN].bps,
                 d.claimed.n);
    }
    bw_district_done(&d);
    bw_tz_free(tz);
}

/* Seconds by Python's datetime: 2026-08-20 12:00, 2026-10-01 04:30 (in Chicago 23:30 of 30
 * September), 2026-11-02 12:00, 2026-11-03 12:00, all UTC. */
static void a_claim_as_it_stood_on_the_day(void **state)
{
    struct world *w = *state;
    struct bw_statement gone;
    char first[BW_HASH_LEN + 1];
    char second[BW_HASH_LEN + 1];
    char third[BW_HASH_LEN + 1];

    version(w, 1787227200, "100", "", NULL, first);
    on(w, "UTC", "2026-07-01", 100, 1); /* on file later, and good since the year began */
    version(w, 1790829000, "200", "", first, second);
    version(w, 1793620800, "400", ",\"from\":\"2027-01-01\"", second, third);
    on(w, "UTC", "2026-07-01", 100, 1);
    on(w, "UTC", "2026-09-30", 100, 1);
    on(w, "UTC", "2026-10-01", 200, 1);
    on(w, "America/Chicago", "2026-09-29", 100, 1);
    on(w, "America/Chicago", "2026-09-30", 200, 1);
    on(w, "UTC", "2026-12-31", 200, 1);
    on(w, "UTC", "2027-01-01", 400, 1);
    on(w, "UTC", "2027-06-30", 400, 1);
    /* One that names the first day takes the place of all that went before. */
    version(w, 1793707200, "50", ",\"from\":\"2026-07-01\"", third, first);
    on(w, "UTC", "2026-07-01", 50, 1);
    on(w, "UTC", "2027-06-30", 50, 1);
    /* Withdrawn, it holds on no day, and none of its versions does. */
    bw_statement_init(&gone, BW_STATEMENT_WITHDRAWAL);
    memcpy(gone.about, first, sizeof(first));
    (void)snprintf(gone.by, sizeof(gone.by), "grey");
    gone.said_unix_s = 1793793600;
    gone.body = "{}";
    gone.n_body = 2;
    assert_int_equal(bw_catalogue_say(w->c, &gone, 1, NULL, &w->err), 0);
    on(w, "UTC", "2026-10-01", -1, 0);
}

static void bind_oak(struct world *w, const char *circuit, const char *from, const char *to)
{
    struct bw_binding b;
    struct bw_buf body;
    char about[100];

    bw_binding_init(&b);
    (void)snprintf(b.claim, sizeof(b.claim), "own:oak");
    memset(b.seen, 'A', BW_HASH_LEN);
    b.seen[BW_HASH_LEN] = '\0';
    (void)snprintf(b.from, sizeof(b.from), "%s", from);
    (void)snprintf(b.to, sizeof(b.to), "%s", to);
    bw_buf_init(&body, 2000);
    assert_int_equal(bw_binding_encode(&b, &body, &w->err), 0);
    (void)snprintf(about, sizeof(about), "circuit:%s", circuit);
    say(w, BW_STATEMENT_BINDING, about, &body);
}

/* Of 100200: circuits; Mbit/s of its one claim, circuits bound to it at a time. */
static void
oak_in(struct world *w, const char *first, const char *last, const char *want, int64_t mbps)
{
    struct bw_select_asked asked = {.by = BW_SELECT_DISTRICT, .number = "100200"};
    struct bw_selection s;
    struct bw_tz *tz = NULL;
    char got[200] = "";

    assert_int_equal(bw_tz_load("America/Chicago", &tz, &w->err), 0);
    asked.tz = tz;
    (void)snprintf(asked.first, sizeof(asked.first), "%s", first);
    (void)snprintf(asked.last, sizeof(asked.last), "%s", last);
    if (bw_select(w->c, &asked, &s, &w->err) < 0) {
        fail_msg("%s: %s", first, w->err.text);
    }
    for (size_t i = 0; i < s.n; i++) {
        size_t n = strlen(got);
        assert_string_equal(s.circuits[i].claims, "own:oak");
        (void)snprintf(got + n, sizeof(got) - n, "%s ", s.circuits[i].name.site);
    }
    assert_string_equal(got, want);
    assert_int_equal(s.n_lines, 1);
    assert_int_equal(s.lines[0].bps[BW_DOWN], mbps * 1000000);
    assert_int_equal(s.lines[0].n_bound, 1);
    assert_int_equal(bw_selected_unmeasured(&s.lines[0]), 0);
    bw_selection_done(&s);
    bw_tz_free(tz);
}

/* A claim with another version from January on, and two circuits one after the other, the
 * first of them by two bindings. */
static void corrected_and_replaced(void **state)
{
    struct world *w = *state;
    char first[BW_HASH_LEN + 1];
    char id[BW_HASH_LEN + 1];

    version(w, 1787227201, "100", "", NULL, first);
    version(w, 1793620801, "400", ",\"from\":\"2027-01-01\"", first, id);
    bind_oak(w, "s-oakaa.wan", "", "2026-10-10");
    bind_oak(w, "s-oakaa.wan", "2026-12-01", "2027-02-28");
    bind_oak(w, "s-oakbb.wan", "2027-03-01", "");
    bind_oak(w, "s-oakcc.wan", "2027-07-01", ""); /* the claim is over by then */
    oak_in(w, "2026-10-01", "2026-10-31", "s-oakaa ", 100);
    oak_in(w, "2026-12-31", "2026-12-31", "s-oakaa ", 100);
    oak_in(w, "2027-01-01", "2027-01-31", "s-oakaa ", 400);
    oak_in(w, "2026-07-01", "2027-07-31", "s-oakaa s-oakbb ", 400);
}

static void
move(struct world *w, int64_t from_unix_s, const char *entity, const char *old_entity)
{
    struct bw_siteact a;
    struct bw_buf body;

    bw_siteact_init(&a);
    a.act = BW_SITEACT_MOVED;
    a.from_unix_s = from_unix_s;
    (void)snprintf(a.entity, sizeof(a.entity), "%s", entity);
    (void)snprintf(a.old_entity, sizeof(a.old_entity), "%s", old_entity);
    (void)snprintf(a.reason, sizeof(a.reason), "rebuilt");
    bw_buf_init(&body, 2000);
    assert_int_equal(bw_siteact_encode(&a, &body, &w->err), 0);
    say(w, BW_STATEMENT_SITE, "site:s-mover", &body);
    assert_int_equal(w->c->ops->site_move(w->c, "s-mover", entity, &w->err), 0);
}

/* Is the site that moves one of an entity's from one day to another? why: it is, for that.
 */
static bool was_at_for(struct world *w,
                       const char *entity,
                       const char *first,
                       const char *last,
                       const char *why)
{
    static const struct bw_select_name recorded[] = {{"s-mover", "wan"}};
    struct bw_select_asked asked = {
        .by = BW_SELECT_SCHOOL, .number = entity, .recorded = recorded, .n_recorded = 1};
    struct bw_selection s;
    struct bw_tz *tz = NULL;
    int r = bw_tz_load("America/Chicago", &tz, &w->err);

    assert_int_equal(r, 0);
    asked.tz = tz;
    (void)snprintf(asked.first, sizeof(asked.first), "%s", first);
    (void)snprintf(asked.last, sizeof(asked.last), "%s", last);
    r = bw_select(w->c, &asked, &s, &w->err);
    assert_true(r == 0 ? s.n == 1 : r == -ENODATA);
    if (why) {
        assert_int_equal(r, 0);
        assert_string_equal(s.circuits[0].why, why);
    }
    bw_selection_done(&s);
    bw_tz_free(tz);
    return r == 0;
}

static bool was_at(struct world *w, const char *entity, const char *first, const char *last)
{
    return was_at_for(w, entity, first, last, NULL);
}

static void why_it_is_in(struct world *w)
{
    (void)was_at_for(w, "coot-hall", "2026-07-01", "2027-06-30",
                     "its box stood at coot-hall until 2027-01-03");
    (void)was_at_for(w, "coot-hall", "2026-07-01", "2026-12-31",
                     "its box stood at coot-hall until 2027-01-03");
    (void)was_at_for(w, "wren-hall", "2026-07-01", "2027-06-30",
                     "its box stood at wren-hall from 2027-01-04 to 2027-02-28");
    (void)was_at_for(w, "teal-hall", "2026-07-01", "2027-06-30",
                     "its box has stood at teal-hall since 2027-03-01");
    (void)was_at_for(w, "teal-hall", "2027-03-01", "2027-03-31",
                     "its box stands at teal-hall");
}

/* Instants in Chicago by Python's zoneinfo: 4 January 2027, 10:00; 1 March 2027, 10:00; 7
 * December 2026, 10:00. */
static void a_site_that_moved(void **state)
{
    struct world *w = *state;
    struct bw_site_stay stays[BW_SITE_STAYS_MAX];
    size_t n = 0;

    place(w, "wren-hall", "", NULL);
    place(w, "teal-hall", "", NULL);
    place(w, "coot-hall", "", "s-mover");
    assert_int_equal(bw_site_stays(w->c, "s-mover", "coot-hall", stays, &n, &w->err), 0);
    assert_int_equal(n, 1);
    move(w, 1799078400, "wren-hall", "coot-hall");
    assert_true(was_at(w, "coot-hall", "2026-07-01", "2027-01-03"));
    assert_false(was_at(w, "wren-hall", "2026-07-01", "2027-01-03"));
    assert_true(was_at(w, "coot-hall", "2027-01-03", "2027-01-31"));
    assert_true(was_at(w, "wren-hall", "2027-01-03", "2027-01-31"));
    assert_false(was_at(w, "coot-hall", "2027-01-04", "2027-01-31"));
    assert_true(was_at(w, "wren-hall", "2027-01-04", "2027-01-31"));
    move(w, 1803916800, "teal-hall", "wren-hall");
    assert_true(was_at(w, "wren-hall", "2027-02-01", "2027-02-28"));
    assert_false(was_at(w, "wren-hall", "2027-03-01", "2027-03-31"));
    assert_true(was_at(w, "teal-hall", "2027-03-01", "2027-03-31"));
    why_it_is_in(w);
    /* Back since December, as it is said now: never at the others. */
    move(w, 1796659200, "coot-hall", "teal-hall");
    assert_int_equal(bw_site_stays(w->c, "s-mover", "coot-hall", stays, &n, &w->err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(stays[1].from_unix_s, 1796659200);
    assert_false(was_at(w, "wren-hall", "2026-07-01", "2027-06-30"));
    assert_true(was_at(w, "coot-hall", "2026-07-01", "2027-06-30"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_district),
        cmocka_unit_test(a_school),
        cmocka_unit_test(a_consortium_and_an_frn),
        cmocka_unit_test(everything),
        cmocka_unit_test(what_is_wrong_has_its_mend),
        cmocka_unit_test(a_claim_as_it_stood_on_the_day),
        cmocka_unit_test(corrected_and_replaced),
        cmocka_unit_test(a_site_that_moved),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
