/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_private.h - the members of a bag, and what is made from them. */
#ifndef BW_BUNDLE_PRIVATE_H
#define BW_BUNDLE_PRIVATE_H

#include "bag.h"
#include "bundle.h"
#include "bundle_agent.h"

#include <check.h>
#include <contract.h>
#include <filed.h>
#include <josefile.h>
#include <logged.h>

struct bw_buf;
struct bw_jw;
struct bw_origin_key;
struct bw_pubkey;

#define BW_IN_QUERY "data/query.json"
#define BW_IN_RECORDS "data/records/summaries.jose" /* lines; or else parts of columns: */
#define BW_IN_RECORD_PARTS "data/records/summaries" /* -0001.txt, -0002.txt … */
#define BW_IN_TAKEN "data/records/taken.csv"
#define BW_IN_KEYS "data/keys/keys.jwks"
#define BW_IN_KEY_HISTORY "data/keys/history.json"
#define BW_IN_CONFIGURATIONS "data/configurations/" /* HASH.conf */
#define BW_IN_STATEMENTS "data/statements.jsonl"
#define BW_IN_CALENDARS "data/calendars/" /* 1.json, 2.json … in the order of the query */
#define BW_IN_RULES "data/rules/"         /* NAME.conf */
#define BW_IN_TERMS "data/terms.conf"
#define BW_IN_README "data/README.txt"
#define BW_IN_REPORTS "data/report/"
#define BW_IN_PACKS "data/packs/"

enum {
    BW_BUNDLE_QUERY_MAX = 1024 * 1024,
    BW_BUNDLE_INFO_MAX = 400, /* bytes of a line of bag-info.txt, with NUL */
    BW_BUNDLE_KEYS_MAX = 4 * 1024 * 1024,
    BW_BUNDLE_CHAINS_MAX = 10000, /* and keys of a site */
    BW_BUNDLE_CALENDARS_MAX =
        512, /* a district's of ten years, for fifty stays of a site */
    BW_BUNDLE_RULES_MAX = 64,
    BW_BUNDLE_ADOPTIONS_MAX = 64
};

/* What was asked: every choice that changes a figure. */
struct bw_bundle_query {
    char software[64];
    char site[BW_SITE_MAX + 1];
    char circuit[BW_NAME_MAX + 1];
    char place[128];
    char origin[16];
    char origin_text[200];
    char tz_name[64];
    char tz_origin[64];
    char tz_member[BW_BAG_NAME_MAX + 1];
    int64_t from_unix_s;
    int64_t to_unix_s;
    int64_t made_unix_s;
    struct bw_report_hours class_hours;
    struct bw_report_claim claims[BW_REPORT_CLAIMS_MAX];
    size_t n_claims;
    struct bw_report_calendar calendars[BW_BUNDLE_CALENDARS_MAX]; /* cal is NULL */
    size_t n_calendars;
    bool judged; /* findings were asked for */
    bool has_terms;
    char rules[BW_BUNDLE_RULES_MAX][BW_NAME_MAX + 1];
    size_t n_rules;
    struct bw_adoption adoptions[BW_BUNDLE_ADOPTIONS_MAX];
    size_t n_adoptions;
    int64_t monthly_cents; /* unknown: none is written down for the circuit itself */
    int64_t students;
    int64_t users;
    char users_are[128];
    char pages[BW_HASH_LEN +
               1]; /* the mark of what PDFs were made with; "": there are none */
};

/* The member that keeps the zone's file. */
void bw_bundle_tz_member(const char *tz_name, char ret[BW_BAG_NAME_MAX + 1]);
void bw_bundle_calendar_member(size_t i, char ret[BW_BAG_NAME_MAX + 1]);
int bw_bundle_query_write(const struct bw_report_query *q,
                          const char *tz_name,
                          bool has_terms,
                          const char *pages,
                          struct bw_buf *out);
/* data[n] need not end in NUL. -BW_EMALFORMED, -BW_ENEWER. */
int bw_bundle_query_read(const char *data,
                         size_t n,
                         struct bw_bundle_query *ret,
                         struct bw_err *reterr);

/* What bag-info.txt tells of the query: the i-th label and its text, "" for none; NULL
 * behind the last. */
const char *
bw_bundle_info(const struct bw_bundle_query *q, size_t i, char ret[BW_BUNDLE_INFO_MAX]);

/* When records were taken in, one line each below a heading. */
void bw_bundle_taken_head(struct bw_buf *out);
void bw_bundle_taken_add(struct bw_buf *out, const struct bw_josefile_taken *t);
/* most: rows that are taken. */
int bw_bundle_taken_read(const char *data,
                         size_t n,
                         size_t most,
                         struct bw_josefile_taken **ret,
                         size_t *ret_n,
                         struct bw_err *reterr);

/* A key as history.json has it. */
void bw_bundle_key_put(struct bw_jw *w, const struct bw_origin_key *k);
/* What history.json says of the site's keys; free() *ret. */
int bw_bundle_keys_read(const struct bw_bag_member *m,
                        struct bw_report_keyfact **ret,
                        size_t *ret_n,
                        struct bw_err *reterr);

/* What was said of a circuit, and the calendars and adoptions that its report took, one
 * statement a line; nothing where nothing was said. */
int bw_bundle_statements_write(struct bw_origin *origin,
                               const struct bw_report_query *q,
                               struct bw_buf *out,
                               struct bw_err *reterr);
/* What such lines say of the circuit and period; its lists are freed by the owner. */
struct bw_bundle_said {
    struct bw_annotation_said *annotations;
    size_t n_annotations;
    int64_t n_unread;
    struct bw_bound *bindings;
    size_t n_bindings;
    struct bw_reply_said *replies;
    size_t n_replies;
    int64_t n_unread_replies;
    struct bw_filed filed; /* what was filed, on the last day that the report tells of */
    struct bw_erratum_said *errata;
    size_t n_errata;
    int64_t n_unread_errata;
    struct bw_contract contract;
    char unlike[400]; /* how bound claims of a bag of other forms come to others here; "" */
};
/* -BW_EMALFORMED also where bound claims, calendars or adoptions are not those that were
 * asked with. The calendars of `q` are there. until: of what was filed and of the contract
 * (until.h). */
int bw_bundle_said_read(const struct bw_bag_member *m,
                        const struct bw_bundle_query *q,
                        const struct bw_tz *tz,
                        int64_t until_unix_s,
                        struct bw_bundle_said *ret,
                        struct bw_err *reterr);
/* ret->filed again, as of the end of what the report tells of. */
int bw_bundle_filed_read(const struct bw_bag_member *m,
                         const struct bw_bundle_query *q,
                         const struct bw_tz *tz,
                         int64_t until_unix_s,
                         struct bw_bundle_said *ret,
                         struct bw_err *reterr);

/* Members, wherever they lie; NULL: there is none of this name. */
struct bw_bundle_view {
    const struct bw_bag_member *(*find)(void *owner, const char *name);
    void *owner;
    const struct bw_pubkey *log_keys; /* who checks knows these; they change no figure */
    size_t n_log_keys;
};

/* What does not hold of the log, or could not be checked; told by who checks. */
struct bw_bundle_told_of {
    char member[BW_BAG_NAME_MAX + 1];
    char text[640];
    bool fault;
};

/* The log's part of the members (bundle_log.c): against records, statements and keys. */
struct bw_bundle_made;
int bw_bundle_log_read(const struct bw_bundle_view *v,
                       struct bw_bundle_made *made,
                       struct bw_err *reterr);
/* The keys' history as the log has it, from its member; free() *ret. */
int bw_bundle_log_keys(const struct bw_bag_member *m,
                       struct bw_logged_key **ret,
                       size_t *ret_n,
                       struct bw_err *reterr);

/* A temporary file that is mapped once it is whole. */
struct bw_bundle_room {
    char *data; /* NULL: nothing was written, or it is not mapped yet */
    size_t n;
    int fd;
    bool open;
};
int bw_bundle_room_add(struct bw_bundle_room *o,
                       const char *data,
                       size_t n,
                       struct bw_err *reterr);
int bw_bundle_room_map(struct bw_bundle_room *o, struct bw_err *reterr);
void bw_bundle_room_done(struct bw_bundle_room *o); /* zeroed is fine */

/* The records as lines. */
struct bw_bundle_lines {
    const char *name; /* for sentences */
    const char *data;
    size_t n;
    size_t n_parts; /* 0: the bag has lines itself */
    struct bw_bundle_room room;
};
/* Lines become parts of columns in *room, which the bag is lent until it is written. */
int bw_bundle_records_add(struct bw_bag_writer *bag,
                          const char *lines,
                          size_t n,
                          struct bw_bundle_room *room,
                          struct bw_err *reterr);
/* The name of the i-th part. */
void bw_bundle_records_member(size_t i, char ret[BW_BAG_NAME_MAX + 1]);
/* The error names the member. *ret is the caller's to free, also when it fails. */
int bw_bundle_records_read(const struct bw_bundle_view *v,
                           struct bw_bundle_lines *ret,
                           struct bw_err *reterr);

/* All that follows from the members. */
struct bw_bundle_made {
    struct bw_bundle_query query;
    struct bw_tz *tz;
    struct bw_bundle_lines lines;
    struct bw_josefile_taken *taken;
    struct bw_records *records;
    struct bw_bundle_said said;
    struct bw_report_keyfact *keyfacts;
    size_t n_keyfacts;
    struct bw_schoolcal *cals[BW_BUNDLE_CALENDARS_MAX];
    struct bw_evrule *rules;
    struct bw_report_judging judging;
    struct bw_pubkey *keys;
    size_t n_keys;
    struct bw_check *check;
    struct bw_check_result result;
    struct bw_log_facts log;
    struct bw_pubkey *log_keys; /* that the bag gives as the log's */
    size_t n_log_keys;
    struct bw_bundle_told_of *told; /* of the log */
    size_t n_told;
    size_t cap_told;
    char (*looked)[BW_BAG_NAME_MAX + 1]; /* members that the log was read from */
    size_t n_looked;
    size_t cap_looked;
    struct bw_report *report;
};

/* Read the members, check signatures and chain, make the report. The error names the
 * member in its sentence. Signatures are checked on a thread of its own. */
int bw_bundle_make(const struct bw_bundle_view *v,
                   bw_bundle_progress_cb progress,
                   void *owner,
                   struct bw_bundle_made **ret,
                   struct bw_err *reterr);
void bw_bundle_made_free(struct bw_bundle_made *m); /* NULL is fine */

/* Who is told of what does not prove anything: `unchecked` counts, `note` does not. */
struct bw_bundle_ear {
    bw_bundle_say_cb unchecked;
    bw_bundle_say_cb note;
    void *owner;
};
/* Rules against those that were shipped, the zone against this machine's. */
void bw_bundle_look_elsewhere(const struct bw_bundle_made *m,
                              const struct bw_bundle_ear *ear);
/* The first instant of [from, to) at which local times differ; unknown: at none. */
int64_t bw_bundle_tz_differs(const struct bw_tz *a,
                             const struct bw_tz *b,
                             int64_t from_unix_s,
                             int64_t to_unix_s);

/* PDF (bundle_pages.c): the mark of fonts and libraries here, and one document as pages.
 * -ENOENT: a font is missing. */
struct bw_doc;
int bw_bundle_pages_mark(char ret[BW_HASH_LEN + 1], struct bw_err *reterr);
int bw_bundle_pages(const struct bw_report *r,
                    const struct bw_doc *d,
                    struct bw_buf *out,
                    struct bw_err *reterr);

/* Everything that is made from the report, one by one; lent. data NULL: a PDF that cannot
 * be made here as it was. figures: rows of figures, told apart one by one, also between
 * versions. Non-zero from cb ends it. */
typedef int (*bw_bundle_form_cb)(
    void *owner, const char *member, const char *data, size_t n, bool figures);
int bw_bundle_forms(const struct bw_bundle_made *m,
                    bw_bundle_form_cb cb,
                    void *owner,
                    struct bw_err *reterr);
/* Is it one of them, by its name? */
bool bw_bundle_is_form(const char *member);

/* data/README.txt, of a bag's own facts alone. */
int bw_bundle_readme(const struct bw_bundle_made *m, struct bw_buf *out);

/* Tell how two texts of one member differ, at most a few lines of it; gives how many. */
int64_t bw_bundle_differences(const char *member,
                              const char *bag,
                              size_t n_bag,
                              const char *made,
                              size_t n_made,
                              bw_bundle_say_cb say,
                              void *owner);
/* Figures of a bag of other forms against those made here. A figure that both have by the
 * same method must be the same, and none may be in the bag alone whose method both have:
 * methods are never changed. Words are form. */
struct bw_bundle_compared {
    bw_bundle_say_cb fault; /* a figure differs */
    bw_bundle_say_cb aside; /* what proves nothing; some of it, one by one; may be NULL */
    void *owner;
    int64_t n_same;   /* figures that are the same */
    int64_t n_differ; /* told as faults */
    int64_t n_apart;  /* not checked: that only the bag has, or whose method the bag has
                         elsewhere; texts that may be more than sentences */
    int64_t n_newer; /* that only this program has, by methods that the bag knows none of */
    int64_t n_words; /* sentences by what is made here: put in another way, or only here */
};
/* Rows: section,figure,value,unit,layer,statistic,n,method. */
void bw_bundle_figure_differences(const char *member,
                                  const char *bag,
                                  size_t n_bag,
                                  const char *made,
                                  size_t n_made,
                                  struct bw_bundle_compared *c);
/* intervals.csv: rows by start_utc and seq, columns by the heading's names. A column or a
 * row that is not compared is in n_apart. */
void bw_bundle_interval_differences(const char *member,
                                    const char *bag,
                                    size_t n_bag,
                                    const char *made,
                                    size_t n_made,
                                    struct bw_bundle_compared *c);
/* JSON of a report or a pack. */
void bw_bundle_json_differences(const char *member,
                                const char *bag,
                                size_t n_bag,
                                const char *made,
                                size_t n_made,
                                struct bw_bundle_compared *c);
enum {
    BW_BUNDLE_SHOWN = 120,  /* bytes of a line that are shown */
    BW_BUNDLE_TOLD_MAX = 20 /* differences of one member told one by one */
};
/* Bytes that a terminal can show. */
void bw_bundle_shown(const char *text, size_t n, char ret[BW_BUNDLE_SHOWN + 1]);

#endif
