/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_verify.c - does everything in a bag hold?
 *
 * Invariant: nothing outside the bag changes what is made again; this machine's time zone
 * is compared with the bag's, no more. What cannot be made again or checked here is counted
 * and told as such, never passed over in silence: it proves nothing. */
#include "bundle_private.h"

#include "buf.h"
#include "grow.h"
#include "hash.h"
#include "jws.h"

#include <bw/err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FAULTS_MAX = 1000, /* kept one by one; all are counted */
    WAIT_MS = 100
};

struct fault {
    char member[BW_BAG_NAME_MAX + 1];
    char text[400];
};

/* Manifests and the archive's bytes, beside everything else. */
struct packing_check {
    const struct bw_bag *bag;
    struct fault *list;
    size_t n;
    int64_t n_faults;
    int r; /* of the comparison with the archive's bytes */
    struct bw_err err;
    bool no_memory;
    atomic_bool done;
};

struct verifying {
    const struct bw_bundle_checks *c;
    struct bw_bundle_verdict *v;
    const struct bw_bag *bag;
};

static void keep_fault(void *owner, const char *member, const char *text)
{
    struct packing_check *p = owner;
    struct fault *grown;

    p->n_faults++;
    if (p->n == FAULTS_MAX) {
        return;
    }
    grown = reallocarray(p->list, p->n + 1, sizeof(*grown));
    if (!grown) {
        p->no_memory = true;
        return;
    }
    p->list = grown;
    (void)snprintf(grown[p->n].member, sizeof(grown->member), "%s", member);
    (void)snprintf(grown[p->n].text, sizeof(grown->text), "%s", text);
    p->n++;
}

static void *check_packing(void *owner)
{
    struct packing_check *p = owner;
    int64_t n = bw_bag_check(p->bag, keep_fault, NULL, p);

    p->no_memory = p->no_memory || n < 0;
    p->r = bw_bag_same_bytes(p->bag, &p->err);
    atomic_store(&p->done, true);
    return NULL;
}

static void say_fault(void *owner, const char *member, const char *text)
{
    struct verifying *v = owner;

    v->v->n_faults++;
    if (v->c->fault) {
        v->c->fault(v->c->owner, member, text);
    }
}

static void note(void *owner, const char *member, const char *text)
{
    const struct verifying *v = owner;

    if (v->c->note) {
        v->c->note(v->c->owner, member, text);
    }
}

static void note_unchecked(void *owner, const char *member, const char *text)
{
    struct verifying *v = owner;

    v->v->n_unchecked++;
    note(v, member, text);
}

/* ---- manifests and bytes --------------------------------------------------------- */

static void tell_packing(struct verifying *v, const struct packing_check *p)
{
    char mine[80];
    char theirs[80];

    for (size_t i = 0; i < p->n; i++) {
        say_fault(v, p->list[i].member, p->list[i].text);
    }
    v->v->n_faults += p->n_faults - (int64_t)p->n;
    if (p->no_memory) {
        say_fault(v, "", "the manifests could not be checked: out of memory");
    }
    if (p->r == 0) {
        return;
    }
    bw_bag_packer(mine);
    if (p->r > 0 &&
        bw_bag_info_get(v->bag, "Bandwitness-Packed-With", theirs, sizeof(theirs)) &&
        strcmp(mine, theirs) != 0) {
        note(v, "",
             "packed with another version of libarchive or zstd: that packing it again "
             "gives the "
             "same bytes was not checked");
        return;
    }
    say_fault(v, "", p->err.text);
}

/* ---- what follows from the records ----------------------------------------------- */

static const struct bw_bag_member *find(void *owner, const char *name)
{
    return bw_bag_find(owner, name);
}

static void tell_records(struct verifying *v, const struct bw_bundle_made *m)
{
    char text[640];

    if (m->result.first != BW_FAULT_NONE) {
        (void)snprintf(text, sizeof(text), "line %lld: %s: %.500s",
                       (long long)m->result.first_line, bw_fault_name(m->result.first),
                       m->result.first_text);
        say_fault(v, m->lines.name, text);
        v->v->n_faults += m->result.n_faults - 1;
    }
    if (m->result.n_records == 0 || m->result.n_verified < m->result.n_records) {
        say_fault(v, m->lines.name, "not every record carries a signature that fits");
    }
    v->v->n_holes = m->result.n_holes;
    v->v->n_missing = m->result.n_missing;
    v->v->n_receipts = m->result.receipts.n;
    v->v->n_receipts_verified = m->result.receipts.n_verified;
    v->v->receipts_by_own_key = m->result.receipts.n_verified > 0 && v->c->n_log_keys == 0;
    if (m->result.receipts.n_no_key > 0 && v->c->n_log_keys == 0) {
        (void)snprintf(
            text, sizeof(text),
            "%lld tests have a receipt whose signature is NOT checked: anybody can "
            "make one. Ask the collector for its log key and give it with --log-key",
            (long long)m->result.receipts.n_no_key);
        note_unchecked(v, m->lines.name, text);
    }
}

/* Of a collector's ledger, by the bag's own word. */
static bool of_ledger(const struct bw_bundle_made *m)
{
    return strcmp(m->query.origin, "ledger") == 0;
}

/* What was found of the log, and whose word its key is. */
static void tell_log(struct verifying *v, const struct bw_bundle_made *m)
{
    const struct bw_log_facts *f = &m->log;
    bool given = v->c->n_log_keys > 0;
    bool same = false;
    char text[320];

    for (size_t i = 0; i < m->n_told; i++) {
        if (m->told[i].fault) {
            say_fault(v, m->told[i].member, m->told[i].text);
        } else {
            note_unchecked(v, m->told[i].member, m->told[i].text);
        }
    }
    v->v->log = *f;
    for (size_t i = 0; i < v->c->n_log_keys; i++) {
        same = same || strcmp(v->c->log_keys[i].kid, f->kid) == 0;
    }
    v->v->log_key_given = given && same;
    if (f->there && given && !same) {
        say_fault(v, BW_IN_LOG, "the log's key is none of those that were given");
    }
    if (v->c->log_expected && !f->there &&
        !(m->result.receipts.n_verified > 0 && !of_ledger(m))) {
        note_unchecked(v, BW_IN_LOG,
                       "a log key was given, and this bag is in no log: nothing shows that "
                       "it is in that one");
    }
    if (f->there && f->n_records_in == 0 && f->n_records > 0) {
        note_unchecked(v, BW_IN_LOG,
                       "none of the records is in the checkpoint: nothing shows that the "
                       "log has them");
    } else if (f->there && f->n_records_in < f->n_records) {
        (void)snprintf(
            text, sizeof(text),
            "%lld of %lld records are NOT in the checkpoint: they came after it, "
            "or not by this log",
            (long long)(f->n_records - f->n_records_in), (long long)f->n_records);
        note(v, BW_IN_LOG, text);
    }
    if (f->there && f->n_statements_in + f->n_keys_in < f->n_statements + f->n_keys) {
        (void)snprintf(text, sizeof(text),
                       "%lld of %lld statements, and %lld of %lld enrolments and ends of "
                       "keys, are NOT in the checkpoint",
                       (long long)(f->n_statements - f->n_statements_in),
                       (long long)f->n_statements, (long long)(f->n_keys - f->n_keys_in),
                       (long long)f->n_keys);
        note(v, BW_IN_LOG, text);
    }
    for (size_t i = 0; i < v->c->n_witness_keys; i++) {
        bool found = false;
        for (size_t k = 0; k < f->n_cosigners; k++) {
            if (strcmp(f->cosigner[k].vkey, v->c->witness_keys[i]) != 0) {
                continue;
            }
            found = true;
            if (f->n_witnesses > 0 && f->cosigner[k].size < f->witness[0].size) {
                (void)snprintf(text, sizeof(text), "%.200s signed up to %lld leaves only",
                               v->c->witness_keys[i], (long long)f->cosigner[k].size);
                note(v, BW_IN_LOG, text);
            }
        }
        if (!found) {
            (void)snprintf(text, sizeof(text), "%.200s did not sign a checkpoint of it",
                           v->c->witness_keys[i]);
            say_fault(v, BW_IN_LOG, text);
        }
    }
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name);
    size_t len = strlen(end);

    return n > len && strcmp(name + n - len, end) == 0;
}

static bool same_bytes(const struct bw_bag_member *x, const char *made, size_t n)
{
    return x->n == n && memcmp(x->data, made, n) == 0;
}

/* What is not told otherwise of a bag of other forms: it proves nothing. */
static void tell_form(struct verifying *v, const char *member, const char *words)
{
    v->v->n_form++;
    note_unchecked(v, member, words);
}

/* The figures of one member of other forms. */
static void compare_values(struct verifying *v,
                           const struct bw_bag_member *x,
                           const char *made,
                           size_t n,
                           bool rows)
{
    bool intervals = !rows && ends_with(x->name, ".csv");
    struct bw_bundle_compared c = {.fault = say_fault, .aside = note, .owner = v};
    char text[320];

    if (rows) {
        bw_bundle_figure_differences(x->name, x->data, x->n, made, n, &c);
    } else if (intervals) {
        bw_bundle_interval_differences(x->name, x->data, x->n, made, n, &c);
    } else {
        bw_bundle_json_differences(x->name, x->data, x->n, made, n, &c);
    }
    v->v->n_compared++;
    v->v->n_figures += rows ? c.n_same : 0;
    v->v->n_faults += c.n_differ > BW_BUNDLE_TOLD_MAX ? c.n_differ - BW_BUNDLE_TOLD_MAX : 0;
    if (c.n_apart > 0) {
        (void)snprintf(
            text, sizeof(text),
            "%lld figures%s are only of the program that packed it or only of this "
            "one%s: they are NOT checked. %lld others are the same",
            (long long)c.n_apart, intervals ? ", columns or rows" : " or texts",
            intervals ? "" : ", or differ", (long long)c.n_same);
        note_unchecked(v, x->name, text);
    } else if (c.n_differ == 0 && !same_bytes(x, made, n)) {
        (void)snprintf(text, sizeof(text),
                       "has another form than this program makes: its %lld figures are the "
                       "same; %lld that are made here it does not have, and %lld texts "
                       "differ and prove nothing",
                       (long long)c.n_same, (long long)c.n_newer, (long long)c.n_words);
        tell_form(v, x->name, text);
    }
}

static void compare(struct verifying *v,
                    const struct bw_bag_member *x,
                    const char *made,
                    size_t n,
                    bool figures)
{
    if (!v->v->other_forms) {
        (void)bw_bundle_differences(x->name, x->data, x->n, made, n, say_fault, v);
        v->v->n_compared++;
    } else if (!figures && same_bytes(x, made, n)) {
        v->v->n_compared++;
    } else if (figures || ends_with(x->name, ".json") || ends_with(x->name, ".csv")) {
        compare_values(v, x, made, n, figures);
    } else {
        tell_form(v, x->name,
                  "has another form than this program makes: it was NOT checked, and may "
                  "say anything. Its figures are in the CSV and JSON beside it");
    }
}

struct comparing {
    struct verifying *v;
};

static int
compare_form(void *owner, const char *member, const char *data, size_t n, bool figures)
{
    struct comparing *k = owner;
    const struct bw_bag_member *x = bw_bag_find(k->v->bag, member);
    bool pack = strncmp(member, BW_IN_PACKS, strlen(BW_IN_PACKS)) == 0;

    if (x && !data) {
        note_unchecked(k->v, member,
                       "was made with other fonts or libraries than are here, which make "
                       "other bytes of the same pages: it is NOT checked. The same figures "
                       "are in the other forms");
    } else if (x) {
        compare(k->v, x, data, n, figures);
    } else if ((figures && !pack) || !k->v->v->other_forms) {
        say_fault(k->v, member, "is missing");
    } else {
        note_unchecked(k->v, member,
                       "is missing, and a program of other forms packed this");
    }
    return 0;
}

/* Is this a member that was looked into above? */
static bool is_known(const struct bw_bundle_made *m, const char *name)
{
    static const char *const names[] = {BW_IN_QUERY, BW_IN_RECORDS,     BW_IN_TAKEN,
                                        BW_IN_KEYS,  BW_IN_KEY_HISTORY, BW_IN_STATEMENTS};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < m->lines.n_parts; i++) {
        char part[BW_BAG_NAME_MAX + 1];
        bw_bundle_records_member(i, part);
        if (strcmp(name, part) == 0) {
            return true;
        }
    }
    for (size_t i = 0; strncmp(name, BW_IN_CALENDARS, strlen(BW_IN_CALENDARS)) == 0 &&
                       i < m->query.n_calendars;
         i++) {
        char calendar[BW_BAG_NAME_MAX + 1];
        bw_bundle_calendar_member(i, calendar);
        if (strcmp(name, calendar) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < m->query.n_rules; i++) {
        char rule[BW_BAG_NAME_MAX + 1];
        (void)snprintf(rule, sizeof(rule), "%s%s.conf", BW_IN_RULES, m->query.rules[i]);
        if (strcmp(name, rule) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < m->n_looked; i++) {
        if (strcmp(name, m->looked[i]) == 0) {
            return true;
        }
    }
    return strcmp(name, BW_IN_LOG_KEYS) == 0 || bw_bundle_is_form(name) ||
           (m->query.has_terms && strcmp(name, BW_IN_TERMS) == 0) ||
           strncmp(name, BW_IN_CONFIGURATIONS, strlen(BW_IN_CONFIGURATIONS)) == 0 ||
           strcmp(name, m->query.tz_member) == 0;
}

/* Beside the payload a bag has these alone. */
static bool is_tag_file(const char *name)
{
    static const char *const names[] = {
        "bagit.txt",           "bag-info.txt",           "manifest-sha256.txt",
        "manifest-sha512.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* One goes by its hash, which records name. */
static void tell_configuration(struct verifying *v, const struct bw_bag_member *x)
{
    char hash[BW_HASH_LEN + 1];
    char want[BW_BAG_NAME_MAX + 1];

    bw_sha256_text(x->data, x->n, hash);
    (void)snprintf(want, sizeof(want), "%s%s.conf", BW_IN_CONFIGURATIONS, hash);
    if (strcmp(x->name, want) != 0) {
        say_fault(v, x->name, "is no configuration: its name is not its hash");
    }
}

/* No member that nobody looked into goes by without a word. */
static void tell_strangers(struct verifying *v, const struct bw_bundle_made *m)
{
    for (size_t i = 0; i < bw_bag_count(v->bag); i++) {
        const struct bw_bag_member *x = bw_bag_at(v->bag, i);
        const char *name = x->name;
        if (strncmp(name, "data/", 5) != 0) {
            if (!is_tag_file(name)) {
                say_fault(v, name, "no such file belongs beside the bag's data");
            }
        } else if (!is_known(m, name)) {
            note(v, name, "is not known to this version: only its hashes were checked");
        } else if (strncmp(name, BW_IN_CONFIGURATIONS, strlen(BW_IN_CONFIGURATIONS)) == 0) {
            tell_configuration(v, x);
        } else if (bw_bundle_is_form(name) && ends_with(name, ".pdf") &&
                   !m->query.pages[0]) {
            say_fault(v, name,
                      "no PDF belongs here: " BW_IN_QUERY " does not say what any was "
                      "made with");
        }
    }
}

/* bag-info.txt must tell of the same circuit, place and time as the query. */
static void tell_info(struct verifying *v, const struct bw_bundle_made *m)
{
    bool same_forms = !v->v->other_forms;
    char want[BW_BUNDLE_INFO_MAX];
    char has[BW_BUNDLE_INFO_MAX];
    char text[128];
    const char *label;

    for (size_t i = 0; (label = bw_bundle_info(&m->query, i, want)); i++) {
        for (char *p = want; *p; p++) { /* as the line is written */
            if ((unsigned char)*p < 0x20 || *p == 0x7f) {
                *p = ' ';
            }
        }
        if (!bw_bag_info_get(v->bag, label, has, sizeof(has))) {
            has[0] = '\0';
        }
        if (strcmp(has, want) == 0) {
            continue;
        }
        (void)snprintf(text, sizeof(text), "%s is not what %s gives", label, BW_IN_QUERY);
        if (same_forms || strcmp(label, "External-Identifier") == 0) {
            say_fault(v, "bag-info.txt", text);
        } else {
            note_unchecked(v, "bag-info.txt", text);
        }
    }
}

static int take_kids(struct verifying *v, const struct bw_bundle_made *m)
{
    struct bw_check_chain ch;
    size_t cap = 0;

    for (size_t n = 0; bw_check_chain_at(m->check, n, &ch) == 0; n++) {
        void *room = bw_grow(v->v->kids, n, &cap, sizeof(*v->v->kids));
        if (!room) {
            return -ENOMEM;
        }
        v->v->kids = room;
        memcpy(v->v->kids[n], ch.kid, sizeof(ch.kid));
        v->v->n_kids = n + 1;
    }
    return 0;
}

/* By which forms it was made, where they are not those of this program. */
static void tell_forms(struct verifying *v, const struct bw_bundle_made *m)
{
    int64_t forms = bw_bundle_forms_of(m->query.software);
    char number[48] = "forms without a number";
    char text[480];

    if (!v->v->other_forms) {
        return;
    }
    if (forms != BW_UNKNOWN) {
        (void)snprintf(number, sizeof(number), "forms %lld", (long long)forms);
    }
    (void)snprintf(
        text, sizeof(text),
        "made by %s with %s; this is " BW_BUNDLE_AGENT
        ". Hashes, signatures, chains and the log are checked as ever; of what it "
        "reports the figures are compared, and pages of another form are not",
        m->query.software, number);
    note(v, "", text);
    if (m->said.unlike[0]) {
        note_unchecked(v, BW_IN_STATEMENTS, m->said.unlike);
    }
}

static int follow(struct verifying *v, struct bw_err *reterr)
{
    struct bw_bundle_view view = {.find = find};
    struct bw_bundle_made *m = NULL;
    struct comparing comparing = {.v = v};
    const struct bw_bundle_ear ear = {
        .unchecked = note_unchecked, .note = note, .owner = v};
    struct bw_err err = {""};
    union { /* the view's owner is not changed */
        const struct bw_bag *read;
        void *any;
    } bag = {.read = v->bag};
    int r;

    view.owner = bag.any;
    view.log_keys = v->c->log_keys;
    view.n_log_keys = v->c->n_log_keys;
    r = bw_bundle_make(&view, v->c->progress, v->c->owner, &m, &err);
    if (r == -ENOMEM) {
        return bw_err_set(reterr, r, "out of memory");
    }
    if (r < 0) {
        say_fault(v, "", err.text); /* its sentence names the member */
        return 0;
    }
    memcpy(v->v->site, m->query.site, sizeof(v->v->site));
    memcpy(v->v->circuit, m->query.circuit, sizeof(v->v->circuit));
    memcpy(v->v->software, m->query.software, sizeof(v->v->software));
    v->v->other_forms = strcmp(m->query.software, BW_BUNDLE_AGENT) != 0;
    v->v->from_unix_s = m->query.from_unix_s;
    v->v->to_unix_s = m->query.to_unix_s;
    v->v->made_unix_s = m->query.made_unix_s;
    v->v->n_records = m->result.n_records;
    v->v->n_verified = m->result.n_verified;
    tell_forms(v, m);
    tell_records(v, m);
    tell_log(v, m);
    r = take_kids(v, m);
    r = r < 0 ? bw_err_set(reterr, r, "out of memory")
              : bw_bundle_forms(m, compare_form, &comparing, reterr);
    if (r == 0) {
        tell_strangers(v, m);
        tell_info(v, m);
        bw_bundle_look_elsewhere(m, &ear);
    }
    bw_bundle_made_free(m);
    return r;
}

int bw_bundle_verify(const char *path,
                     const struct bw_bundle_checks *c,
                     struct bw_bundle_verdict *ret,
                     struct bw_err *reterr)
{
    struct verifying v = {.c = c, .v = ret};
    struct packing_check p = {.r = 0};
    struct bw_bag *bag = NULL;
    pthread_t thread;
    bool runs;
    int r = bw_bag_open(path, &bag, reterr);

    *ret = (struct bw_bundle_verdict){
        .from_unix_s = BW_UNKNOWN, .to_unix_s = BW_UNKNOWN, .made_unix_s = BW_UNKNOWN};
    if (r < 0) {
        return r;
    }
    v.bag = bag;
    p.bag = bag;
    ret->n_members = (int64_t)bw_bag_count(bag);
    runs = pthread_create(&thread, NULL, check_packing, &p) == 0;
    if (!runs) {
        (void)check_packing(&p);
    }
    r = follow(&v, reterr);
    while (runs && !atomic_load(&p.done)) {
        struct timespec wait = {.tv_nsec = WAIT_MS * 1000000L};
        if (c->progress) {
            c->progress(c->owner, "hashes and packing", 999);
        }
        (void)nanosleep(&wait, NULL);
    }
    if (runs) {
        (void)pthread_join(thread, NULL);
    }
    tell_packing(&v, &p);
    free(p.list);
    if (r < 0) {
        free(ret->kids);
        ret->kids = NULL;
    }
    bw_bag_close(bag);
    return r;
}
