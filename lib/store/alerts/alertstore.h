/* SPDX-License-Identifier: GPL-3.0-or-later
 * alertstore.h - alerts.db: alerts with their history, the states of rules, and messages
 * that are to be sent.
 *
 * What a look at the circuits changes is one transaction, so that an alert is on record
 * exactly if the message about it is. A message has a key that is there once for ever: what
 * was made before is not made again. A message is sent until it was taken or refused for
 * good; when it is not known whether it was taken (a kill between the two) it is sent again
 * as the same bytes under the same message id, by which whoever gets it knows it again.
 *
 * One process writes states; others may acknowledge and add tests. A handle belongs to one
 * thread at a time. Failures come in the bins of store.h. */
#ifndef BW_ALERTSTORE_H
#define BW_ALERTSTORE_H

#include <bw/units.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_alertstore;
struct bw_err;

enum bw_alertstore_limits {
    BW_ALERT_ROW_WORDS = 600,
    BW_ALERT_ROW_NAME = 200,
    BW_POST_KEY_MAX = 400,
    BW_POST_BYTES = 16 * 1024 * 1024 /* with files */
};

/* One alert. */
struct bw_alert_row {
    int64_t id;
    char kind[16];                    /* "silent" */
    char scope[97];                   /* "s-4f9k2.wan" */
    char site[33];                    /* "" of none in particular */
    char name[BW_ALERT_ROW_NAME + 1]; /* of its site and entity, as they were called then */
    char words[BW_ALERT_ROW_WORDS + 1]; /* what was the matter, with its figures */
    int64_t since_unix_s;
    int64_t opened_unix_s;
    int64_t closed_unix_s; /* unknown: it is open */
    int64_t over_unix_s;   /* when its condition ended; unknown */
    int64_t told_unix_s;   /* a message was made; unknown: none was */
    char held[16];         /* "quiet"; "" not held */
    int64_t held_by;       /* 0: none */
    int64_t value;
    int64_t worst;
    char cause[32]; /* of silence, once records tell: "line"; "" not known */
    char cause_words[BW_ALERT_ROW_WORDS + 1];
    int64_t acked_unix_s; /* unknown: nobody did */
    char acked_by[65];
    char note[BW_ALERT_ROW_WORDS + 1];
    char message_id[160]; /* of the first mail about it; "" none */
};

struct bw_alert_act {
    int64_t alert;
    int64_t at_unix_s;
    char what[16]; /* "opened", "told", "acknowledged" … */
    char words[BW_ALERT_ROW_WORDS + 1];
};

/* A state as the engine has it: numbers by position (alertwords.h knows which is what). */
enum {
    BW_ALERT_STATE_NUMBERS = 24
};
struct bw_alert_state {
    char kind[16];
    char scope[97];
    int64_t n[BW_ALERT_STATE_NUMBERS];
};

enum bw_post_state {
    BW_POST_WAITING,
    BW_POST_TAKEN,  /* the other side has it */
    BW_POST_REFUSED /* given up: for good, or for too long */
};

struct bw_post_row {
    int64_t id;
    char key[BW_POST_KEY_MAX + 1];
    char channel[65]; /* "mail", or a webhook's name */
    char recipient[321];
    char message_id[160];
    int64_t made_unix_s;
    int64_t next_unix_s; /* not before */
    int64_t tries;
    int64_t ended_unix_s; /* unknown: it waits */
    enum bw_post_state state;
    char said[301];    /* the last answer or trouble */
    const void *bytes; /* lent */
    size_t n_bytes;
};

typedef int (*bw_alert_row_cb)(void *owner, const struct bw_alert_row *a);
typedef int (*bw_alert_act_cb)(void *owner, const struct bw_alert_act *a);
typedef int (*bw_alert_state_cb)(void *owner, const struct bw_alert_state *s);
typedef int (*bw_post_row_cb)(void *owner, const struct bw_post_row *p);

/* Made when missing, mode 0640. exclusive: the process that keeps states; -EBUSY when there
 * is another. */
int bw_alertstore_open(const char *path,
                       bool exclusive,
                       struct bw_alertstore **ret,
                       struct bw_err *reterr);
/* Look only; -ENOENT when there is none. */
int bw_alertstore_open_read(const char *path,
                            struct bw_alertstore **ret,
                            struct bw_err *reterr);
void bw_alertstore_close(struct bw_alertstore *s); /* NULL is fine */

/* What follows until the commit is kept whole or not at all. */
int bw_alertstore_begin(struct bw_alertstore *s, struct bw_err *reterr);
int bw_alertstore_commit(struct bw_alertstore *s, struct bw_err *reterr);
void bw_alertstore_rollback(struct bw_alertstore *s);

/* By its id; in place of what was there, but for what acknowledging wrote. */
int bw_alertstore_put(struct bw_alertstore *s,
                      const struct bw_alert_row *a,
                      struct bw_err *reterr);
/* -ENOENT */
int bw_alertstore_get(struct bw_alertstore *s,
                      int64_t id,
                      struct bw_alert_row *ret,
                      struct bw_err *reterr);
/* Those that are open, or were closed (or opened) in [from, to), the newest first, `limit`
 * at most; scope NULL: of all, else of that site and its circuits. */
int bw_alertstore_list(struct bw_alertstore *s,
                       const char *scope,
                       int64_t from_unix_s,
                       int64_t to_unix_s,
                       bool open_too,
                       int64_t limit,
                       bw_alert_row_cb cb,
                       void *owner,
                       struct bw_err *reterr);
/* Held by quiet hours and never told: what the digest after them is about. */
int bw_alertstore_untold(struct bw_alertstore *s,
                         bw_alert_row_cb cb,
                         void *owner,
                         struct bw_err *reterr);
/* Silence that is over and has no cause yet, closed since then. */
int bw_alertstore_causeless(struct bw_alertstore *s,
                            int64_t since_unix_s,
                            bw_alert_row_cb cb,
                            void *owner,
                            struct bw_err *reterr);
int bw_alertstore_last_id(struct bw_alertstore *s, int64_t *ret, struct bw_err *reterr);

/* -ENOENT: no such alert; -EALREADY: somebody did (the first one stands). */
int bw_alertstore_ack(struct bw_alertstore *s,
                      int64_t id,
                      int64_t now_unix_s,
                      const char *by,
                      const char *note,
                      struct bw_err *reterr);
int bw_alertstore_act(struct bw_alertstore *s,
                      const struct bw_alert_act *act,
                      struct bw_err *reterr);
int bw_alertstore_acts(struct bw_alertstore *s,
                       int64_t alert,
                       bw_alert_act_cb cb,
                       void *owner,
                       struct bw_err *reterr);

int bw_alertstore_put_state(struct bw_alertstore *s,
                            const struct bw_alert_state *one,
                            bool gone,
                            struct bw_err *reterr);
int bw_alertstore_states(struct bw_alertstore *s,
                         bw_alert_state_cb cb,
                         void *owner,
                         struct bw_err *reterr);

/* 1: it is in; 0: its key was there already, and nothing was changed. */
int bw_alertstore_post(struct bw_alertstore *s,
                       const struct bw_post_row *p,
                       struct bw_err *reterr);
/* Was one of this key ever made? 1 or 0. */
int bw_alertstore_posted(struct bw_alertstore *s, const char *key, struct bw_err *reterr);
/* Those that wait and are due, the oldest first, `limit` at most. */
int bw_alertstore_due(struct bw_alertstore *s,
                      int64_t now_unix_s,
                      int64_t limit,
                      bw_post_row_cb cb,
                      void *owner,
                      struct bw_err *reterr);
/* What became of an attempt. */
int bw_alertstore_tried(struct bw_alertstore *s,
                        int64_t id,
                        enum bw_post_state state,
                        int64_t now_unix_s,
                        int64_t next_unix_s,
                        const char *said,
                        struct bw_err *reterr);
/* The newest first, without their bytes. key NULL: all; else those whose key begins so. */
int bw_alertstore_posts(struct bw_alertstore *s,
                        const char *key,
                        int64_t limit,
                        bw_post_row_cb cb,
                        void *owner,
                        struct bw_err *reterr);
struct bw_alertstore_counts {
    int64_t open;
    int64_t waiting; /* messages */
    int64_t taken;
    int64_t refused;
    int64_t oldest_waiting_unix_s; /* unknown: none waits */
};
int bw_alertstore_count(struct bw_alertstore *s,
                        struct bw_alertstore_counts *ret,
                        struct bw_err *reterr);

/* Bytes of messages that ended before then, and acts of alerts closed before, go; alerts
 * and keys stay. */
int bw_alertstore_forget(struct bw_alertstore *s,
                         int64_t before_unix_s,
                         struct bw_err *reterr);

/* Numbers and short texts under a name; unknown where it was never set. */
int bw_alertstore_set(struct bw_alertstore *s,
                      const char *name,
                      int64_t value,
                      struct bw_err *reterr);
int bw_alertstore_number(struct bw_alertstore *s,
                         const char *name,
                         int64_t *ret,
                         struct bw_err *reterr);

#endif
