/* SPDX-License-Identifier: GPL-3.0-or-later
 * fleet.c - one site's place in the funnel, and all of them counted.
 *
 * Invariant: a site is at one stage for one reason, so that stages and reasons add up to
 * the sites; what nobody said or measured brings nobody further. */
#include "fleet.h"

#include <bw/summary.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *words;
    const char *takes;
} stages[BW_FLEET_STAGES] = {
    [BW_FLEET_PLANNED] = {"planned", "Planned",
                          "the site is in the catalogue and not retired"},
    [BW_FLEET_SHIPPED] = {"shipped", "Shipped",
                          "somebody said that its box was sent, or the box was there"},
    [BW_FLEET_SEEN] =
        {"seen", "Seen",
         "a box came to the collector with a token of the site, also one that "
         "was good no longer"},
    [BW_FLEET_CLAIMED] = {"claimed", "Claimed",
                          "a token was taken: the box's key is the site's"},
    [BW_FLEET_MATCHED] = {"matched", "Circuit matched",
                          "records came, a key is in force, and at least one circuit that "
                          "they name has a claim in force"},
    [BW_FLEET_COUNTERS] = {"counters", "Counters",
                           "each circuit with a claim was counted within 28 days"},
    [BW_FLEET_TESTED] = {"tested", "First test",
                         "each of them has a good run of these 28 days that nothing sets "
                         "apart"},
    [BW_FLEET_ENOUGH] =
        {"enough", "Enough data",
         "each of them was judged by a rule over 28 days, and none will lack "
         "data by its date"},
};

static const struct {
    const char *name;
    const char *words;
    enum bw_fleet_who who;
    const char *next;
} whys[BW_FLEET_WHYS] = {
    [BW_FLEET_NOTHING] = {"none", "nothing lacks", BW_FLEET_NOBODY, "Nothing."},
    [BW_FLEET_NOT_SENT] = {"not-sent", "nobody said that its box was sent", BW_FLEET_STATE,
                           "Send the box, and say so: bandwitness site ship SITE."},
    [BW_FLEET_NO_TOKEN] = {"no-token", "no token was made for it", BW_FLEET_STATE,
                           "Make a token for it, and give it to whoever installs the box."},
    [BW_FLEET_TOKEN_WAITS] = {"token-waits", "its token waits for a box", BW_FLEET_DISTRICT,
                              "Connect the box, and enrol it with its token before the "
                              "token expires."},
    [BW_FLEET_TOKEN_OVER] = {"token-over", "its token expired unused", BW_FLEET_STATE,
                             "Make another token, and ask what keeps the box."},
    [BW_FLEET_CAME_LATE] = {"came-late", "a box came with a token that had expired",
                            BW_FLEET_STATE,
                            "Make another token, and give it to them today: "
                            "the box is there."},
    [BW_FLEET_CAME_SPENT] = {"came-spent", "a box came with a token that another had used",
                             BW_FLEET_STATE,
                             "Ask which box has the token's place; make another token for "
                             "this one."},
    [BW_FLEET_NO_KEY] = {"no-key", "no key of it is in force", BW_FLEET_STATE,
                         "Make a token for a new key: bandwitness token create --site "
                         "SITE."},
    [BW_FLEET_NO_RECORD] = {"no-record", "it enrolled, and no record came",
                            BW_FLEET_DISTRICT,
                            "On the box: bandwitness status says what keeps it."},
    [BW_FLEET_NO_CLAIM] = {"no-claim", "no circuit of it is matched with a claim",
                           BW_FLEET_FILER,
                           "Match it: bandwitness claim match, then claim confirm."},
    [BW_FLEET_NO_SOURCE] = {"no-source", "nothing counts the line", BW_FLEET_DISTRICT,
                            "Let the box read the edge device by SNMP, or give it a mirror "
                            "port."},
    [BW_FLEET_NOT_COUNTED] = {"not-counted", "its counters told nothing within 28 days",
                              BW_FLEET_DISTRICT,
                              "On the box: bandwitness status says why the counters are "
                              "silent."},
    [BW_FLEET_NO_TEST] = {"no-test", "no test was due within 28 days", BW_FLEET_DISTRICT,
                          "Give the box a throughput test in its configuration."},
    [BW_FLEET_PUT_OFF] = {"put-off", "every test was put off", BW_FLEET_DISTRICT,
                          "Let it test at night, or raise its budget: bandwitness schedule "
                          "says what puts tests off."},
    [BW_FLEET_FAILED] = {"failed", "tests were begun, and none was good", BW_FLEET_DISTRICT,
                         "Let the box reach a measurement server; the site's page has the "
                         "reasons."},
    [BW_FLEET_APART] = {"apart", "every good run is set apart", BW_FLEET_STATE,
                        "See the runs on the site's page: another line, a slow tester or "
                        "server, or an erratum."},
    [BW_FLEET_NOT_JUDGED] = {"not-judged", "no rule judged its 28 days yet", BW_FLEET_STATE,
                             "Wait for a whole day of records; if it stays, see whether "
                             "rules are configured."},
    [BW_FLEET_AT_RISK] = {"at-risk", "a rule will lack data by its date", BW_FLEET_STATE,
                          "See what the rule lacks on the first page under evidence at "
                          "risk."},
    [BW_FLEET_SILENT] = {"silent", "its box is silent", BW_FLEET_DISTRICT,
                         "See that the box has power and reaches the collector; it keeps "
                         "what it measures."},
};

static const struct {
    const char *name;
    const char *words;
} whos[] = {
    [BW_FLEET_NOBODY] = {"nobody", "nobody"},
    [BW_FLEET_STATE] = {"state", "the state"},
    [BW_FLEET_DISTRICT] = {"district", "the district"},
    [BW_FLEET_FILER] = {"coordinator", "the E-rate coordinator"},
};

const char *bw_fleet_stage_name(enum bw_fleet_stage s)
{
    return stages[s].name;
}

const char *bw_fleet_stage_words(enum bw_fleet_stage s)
{
    return stages[s].words;
}

const char *bw_fleet_stage_takes(enum bw_fleet_stage s)
{
    return stages[s].takes;
}

const char *bw_fleet_why_name(enum bw_fleet_why w)
{
    return whys[w].name;
}

const char *bw_fleet_why_words(enum bw_fleet_why w)
{
    return whys[w].words;
}

const char *bw_fleet_why_next(enum bw_fleet_why w)
{
    return whys[w].next;
}

enum bw_fleet_who bw_fleet_why_who(enum bw_fleet_why w)
{
    return whys[w].who;
}

const char *bw_fleet_who_name(enum bw_fleet_who w)
{
    return whos[w].name;
}

const char *bw_fleet_who_words(enum bw_fleet_who w)
{
    return whos[w].words;
}

int bw_fleet_stage_parse(const char *word, enum bw_fleet_stage *ret)
{
    for (int i = 0; i < BW_FLEET_STAGES; i++) {
        if (strcmp(stages[i].name, word) == 0) {
            *ret = (enum bw_fleet_stage)i;
            return 0;
        }
    }
    return -EINVAL;
}

int bw_fleet_why_parse(const char *word, enum bw_fleet_why *ret)
{
    for (int i = 0; i < BW_FLEET_WHYS; i++) {
        if (strcmp(whys[i].name, word) == 0) {
            *ret = (enum bw_fleet_why)i;
            return 0;
        }
    }
    return -EINVAL;
}

/* ---- circuits ---------------------------------------------------------------------------
 */

enum {
    TIMES = 3
};

/* Today so far, yesterday, and the 28 days: whatever of them has records. Yesterday is in
 * the 28 days but for the first minutes of a day, so nothing here is a sum. */
static size_t times_of(const struct bw_room_circuit *c,
                       const struct bw_room_day *ret[TIMES])
{
    size_t n = 0;

    if (c->has_today) {
        ret[n++] = &c->today;
    }
    if (c->has_yesterday) {
        ret[n++] = &c->yesterday;
    }
    if (c->has_merged) {
        ret[n++] = &c->merged;
    }
    return n;
}

static bool lately(const struct bw_room_circuit *c)
{
    return c->has_today || c->has_yesterday || c->has_merged;
}

static bool counted(const struct bw_room_circuit *c)
{
    const struct bw_room_day *t[TIMES];
    size_t n = times_of(c, t);
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        any |= t[i]->counted_s > 0;
    }
    return any;
}

/* What became of its tests; NOTHING: one of them counts. */
static enum bw_fleet_why tests_of(const struct bw_room_circuit *c)
{
    const struct bw_room_day *t[TIMES];
    size_t n = times_of(c, t);
    bool ok = false;
    bool made = false;
    bool put_off = false;

    for (size_t i = 0; i < n; i++) {
        for (int way = 0; way < BW_DIRECTIONS; way++) {
            const struct bw_room_way *w = &t[i]->way[way];
            if (w->n_ok > w->n_apart) {
                return BW_FLEET_NOTHING;
            }
            ok |= w->n_ok > 0;
            made |= w->n_made > 0;
            put_off |= w->n_deferred > 0;
        }
    }
    return ok        ? BW_FLEET_APART
           : made    ? BW_FLEET_FAILED
           : put_off ? BW_FLEET_PUT_OFF
                     : BW_FLEET_NO_TEST;
}

/* How far a circuit with a claim has come. */
static enum bw_fleet_stage look_circuit(const struct bw_room_circuit *c,
                                        enum bw_fleet_why *ret_why)
{
    *ret_why = BW_FLEET_NOTHING;
    if (c->source == BW_SOURCE_NONE || !counted(c)) {
        *ret_why = c->source == BW_SOURCE_NONE ? BW_FLEET_NO_SOURCE : BW_FLEET_NOT_COUNTED;
        return BW_FLEET_MATCHED;
    }
    *ret_why = tests_of(c);
    if (*ret_why != BW_FLEET_NOTHING) {
        return BW_FLEET_COUNTERS;
    }
    if (!c->has_merged || c->risk.n_judged <= 0) {
        *ret_why = BW_FLEET_NOT_JUDGED;
        return BW_FLEET_TESTED;
    }
    if (c->risk.rule) {
        *ret_why = BW_FLEET_AT_RISK;
        return BW_FLEET_TESTED;
    }
    return BW_FLEET_ENOUGH;
}

/* ---- sites ------------------------------------------------------------------------------
 */

/* Before any record of it came. */
static void
look_early(const struct bw_room *r, const struct bw_room_site *s, struct bw_fleet_row *x)
{
    bool asked = s->refused_unix_s != BW_UNKNOWN;

    if (asked) {
        x->stage = BW_FLEET_SEEN;
        x->why = s->refused_spent ? BW_FLEET_CAME_SPENT : BW_FLEET_CAME_LATE;
        x->since_unix_s = s->refused_unix_s;
    } else {
        x->stage = s->shipped_unix_s != BW_UNKNOWN ? BW_FLEET_SHIPPED : BW_FLEET_PLANNED;
        x->since_unix_s =
            s->shipped_unix_s != BW_UNKNOWN ? s->shipped_unix_s : s->created_unix_s;
        x->why = x->stage == BW_FLEET_PLANNED ? BW_FLEET_NOT_SENT : BW_FLEET_NO_TOKEN;
    }
    /* A token that was made since is what it waits for. */
    if (s->token_unix_s == BW_UNKNOWN || x->stage == BW_FLEET_PLANNED ||
        (asked && s->token_unix_s <= s->refused_unix_s)) {
        return;
    }
    x->until_unix_s = s->token_expires_unix_s;
    if (r->made_unix_ms / 1000 < s->token_expires_unix_s) {
        x->why = BW_FLEET_TOKEN_WAITS;
        x->since_unix_s = s->token_unix_s;
    } else {
        x->why = BW_FLEET_TOKEN_OVER;
        x->since_unix_s = s->token_expires_unix_s;
    }
}

/* Its circuits: those of late, or all where none is of late. */
static void
look_circuits(const struct bw_room *r, const struct bw_room_site *s, struct bw_fleet_row *x)
{
    bool any_lately = false;

    for (uint32_t i = s->first_circuit; i < s->end_circuit; i++) {
        any_lately |= lately(&r->circuits[i]);
    }
    x->stage = BW_FLEET_ENOUGH;
    for (uint32_t i = s->first_circuit; i < s->end_circuit; i++) {
        const struct bw_room_circuit *c = &r->circuits[i];
        enum bw_fleet_why why;
        if (any_lately && !lately(c)) {
            continue;
        }
        x->n_circuits++;
        if (!c->claim.has) {
            x->n_unmatched++;
            continue;
        }
        enum bw_fleet_stage at = look_circuit(c, &why);
        if (at < x->stage || x->circuit == BW_ROOM_NONE) {
            x->stage = at;
            x->why = why;
            x->circuit = i;
        }
    }
}

static void date_risk(const struct bw_room *r, struct bw_fleet_row *x)
{
    const struct bw_room_circuit *c = &r->circuits[x->circuit];

    x->since_unix_s = bw_room_circuit_spell(r, c, BW_ROOM_AT_RISK)->since_unix_s;
    x->until_unix_s = c->risk.by_unix_s;
}

void bw_fleet_look(const struct bw_room *r, uint32_t site, struct bw_fleet_row *ret)
{
    const struct bw_room_site *s = &r->sites[site];
    bool heard = s->first_start_unix_s != BW_UNKNOWN || s->first_circuit < s->end_circuit;
    struct bw_fleet_row x = {.site = site,
                             .circuit = BW_ROOM_NONE,
                             .since_unix_s = BW_UNKNOWN,
                             .until_unix_s = BW_UNKNOWN};

    if (!heard && s->enrolled_unix_s == BW_UNKNOWN) {
        look_early(r, s, &x);
        *ret = x;
        return;
    }
    if (heard) {
        look_circuits(r, s, &x);
    }
    if (s->n_keys <= 0) {
        x.stage = BW_FLEET_CLAIMED;
        x.why = BW_FLEET_NO_KEY;
        x.circuit = BW_ROOM_NONE;
    } else if (!heard) {
        x.stage = BW_FLEET_CLAIMED;
        x.why = BW_FLEET_NO_RECORD;
        x.since_unix_s = s->enrolled_unix_s;
    } else if (x.circuit == BW_ROOM_NONE) {
        x.stage = BW_FLEET_CLAIMED;
        x.why = BW_FLEET_NO_CLAIM;
        x.since_unix_s = s->first_start_unix_s;
    } else if (x.stage < BW_FLEET_ENOUGH && s->freshness == BW_SILENT) {
        x.why = BW_FLEET_SILENT;
        x.since_unix_s = s->last_received_unix_ms == BW_UNKNOWN
                             ? BW_UNKNOWN
                             : s->last_received_unix_ms / 1000;
    } else if (x.why == BW_FLEET_AT_RISK) {
        date_risk(r, &x);
    }
    *ret = x;
}

static bool sees(const struct bw_fleet_ask *ask, uint32_t site)
{
    return !ask->sees || ask->sees(ask->owner, site);
}

int bw_fleet_make(const struct bw_room *r,
                  const struct bw_fleet_ask *ask,
                  struct bw_fleet *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->rows = calloc(r->n_sites + 1, sizeof(*ret->rows));
    if (!ret->rows) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < r->n_sites; i++) {
        struct bw_fleet_row *x = &ret->rows[ret->n];
        if (!sees(ask, i)) {
            continue;
        }
        if (r->sites[i].state == BW_SITE_RETIRED) {
            ret->n_retired++;
            continue;
        }
        bw_fleet_look(r, i, x);
        ret->n++;
        ret->stuck[x->why]++;
        ret->at[x->stage]++;
        ret->by[x->stage][x->why]++;
        for (int s = 0; s <= (int)x->stage; s++) {
            ret->reached[s]++;
        }
    }
    return 0;
}

void bw_fleet_done(struct bw_fleet *f)
{
    free(f->rows);
    memset(f, 0, sizeof(*f));
}

/* ---- programs ---------------------------------------------------------------------------
 */

/* The number at *text, and behind it. */
static long number(const char **text)
{
    char *end = NULL;
    long n = strtol(*text, &end, 10);

    *text = end;
    return n;
}

/* By name; then the newest version first: numbers between dots, one by one. */
static int by_agent(const void *a, const void *b)
{
    const char *x = ((const struct bw_fleet_agent *)a)->agent;
    const char *y = ((const struct bw_fleet_agent *)b)->agent;
    size_t n = strcspn(x, "/");
    size_t m = strcspn(y, "/");
    int c = strncmp(x, y, n < m ? n : m);

    if (c || n != m) {
        return c ? c : n < m ? -1 : 1;
    }
    for (const char *v = x + n, *w = y + m; *v && *w;) {
        if (*v >= '0' && *v <= '9' && *w >= '0' && *w <= '9') {
            long p = number(&v);
            long q = number(&w);
            if (p != q) {
                return p > q ? -1 : 1;
            }
        } else if (*v != *w) {
            break;
        } else {
            v++;
            w++;
        }
    }
    return -strcmp(x, y);
}

int bw_fleet_agents(const struct bw_room *r,
                    const struct bw_fleet_ask *ask,
                    struct bw_fleet_agent **ret,
                    size_t *ret_n)
{
    struct bw_fleet_agent *list = calloc(r->n_sites + 1, sizeof(*list));
    size_t n = 0;
    size_t k = 0;

    if (!list) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < r->n_sites; i++) {
        const struct bw_room_site *s = &r->sites[i];
        if (s->agent[0] && s->state != BW_SITE_RETIRED && sees(ask, i)) {
            list[n++] = (struct bw_fleet_agent){
                .agent = s->agent, .n = 1, .n_silent = s->freshness == BW_SILENT};
        }
    }
    if (n > 0) {
        qsort(list, n, sizeof(*list), by_agent);
    }
    for (size_t i = 0; i < n; i++) {
        if (k > 0 && strcmp(list[k - 1].agent, list[i].agent) == 0) {
            list[k - 1].n++;
            list[k - 1].n_silent += list[i].n_silent;
        } else {
            list[k++] = list[i];
        }
    }
    *ret = list;
    *ret_n = k;
    return 0;
}
