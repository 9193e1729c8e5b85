/* SPDX-License-Identifier: GPL-3.0-or-later
 * agent.c - questions to one device by net-snmp.
 *
 * A session is opened when it is first needed and again after a failure: the engine of a
 * device that was replaced or started again is then asked for anew (RFC 3414 §4). A
 * question is never repeated by itself: a late answer to an earlier one must not pass for
 * the answer to this one, and its stamps would be wrong. */
#include "agent.h"

#include <net-snmp/net-snmp-config.h>
/* … before the rest of it. */
#include <net-snmp/net-snmp-includes.h>

#include <bw/err.h>
#include <clock.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BULK = 25, /* rows an answer: fits into 1,500 bytes where names are short */
    COLUMN_LEN = 11,
    FAULTS_MAX = 3 /* … in a row: then another session */
};

struct bw_snmp_agent {
    netsnmp_session params;
    char peer[300];
    char user[BW_SNMP_USER_MAX + 1];
    u_char community[BW_SNMP_SECRET_MAX + 1];
    void *session; /* NULL: to be opened */
    bool proven;   /* it has answered a question in this session */
    unsigned faults;
};

/* RFC 2863 and RFC 3418, in the order they are asked for; an interface's end in its index.
 */
enum item {
    ITEM_UPTIME,
    ITEM_NAME,
    ITEM_TYPE,
    ITEM_HC_IN,
    ITEM_HC_OUT,
    ITEM_HIGH_SPEED,
    ITEM_DISCONTINUITY,
    ITEM_OPER_STATUS,
    ITEM_SPEED,
    ITEM_IN,
    ITEM_OUT,
    ITEMS
};

static const struct {
    oid name[COLUMN_LEN];
    size_t n;
} items[ITEMS] = {
    [ITEM_UPTIME] = {{1, 3, 6, 1, 2, 1, 1, 3, 0}, 9},
    [ITEM_NAME] = {{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1}, 11},
    [ITEM_TYPE] = {{1, 3, 6, 1, 2, 1, 2, 2, 1, 3}, 10},
    [ITEM_HC_IN] = {{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6}, 11},
    [ITEM_HC_OUT] = {{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 10}, 11},
    [ITEM_HIGH_SPEED] = {{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15}, 11},
    [ITEM_DISCONTINUITY] = {{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 19}, 11},
    [ITEM_OPER_STATUS] = {{1, 3, 6, 1, 2, 1, 2, 2, 1, 8}, 10},
    [ITEM_SPEED] = {{1, 3, 6, 1, 2, 1, 2, 2, 1, 5}, 10},
    [ITEM_IN] = {{1, 3, 6, 1, 2, 1, 2, 2, 1, 10}, 10},
    [ITEM_OUT] = {{1, 3, 6, 1, 2, 1, 2, 2, 1, 16}, 10},
};
static const oid ALIAS = 18;

/* ---- the session */

static int set_keys(netsnmp_session *p,
                    const struct bw_snmp_job *job,
                    const struct bw_snmp_secrets *s,
                    struct bw_err *reterr)
{
    static const char *const auths[] = {[BW_SNMP_SHA] = "SHA",
                                        [BW_SNMP_SHA224] = "SHA-224",
                                        [BW_SNMP_SHA256] = "SHA-256",
                                        [BW_SNMP_SHA384] = "SHA-384",
                                        [BW_SNMP_SHA512] = "SHA-512"};
    static const char *const privs[] = {[BW_SNMP_AES128] = "AES",
                                        [BW_SNMP_AES192] = "AES-192",
                                        [BW_SNMP_AES256] = "AES-256"};
    int auth = usm_lookup_auth_type(auths[job->auth]);
    int priv = usm_lookup_priv_type(privs[job->privacy]);
    oid *auth_oid = auth < 0 ? NULL : sc_get_auth_oid(auth, &p->securityAuthProtoLen);
    oid *priv_oid = priv < 0 ? NULL : sc_get_priv_oid(priv, &p->securityPrivProtoLen);
    if (!auth_oid || !priv_oid) {
        return bw_err_set(reterr, -ENOTSUP, "this system's net-snmp knows no %s",
                          !auth_oid ? auths[job->auth] : privs[job->privacy]);
    }
    p->securityAuthProto = snmp_duplicate_objid(auth_oid, p->securityAuthProtoLen);
    p->securityPrivProto = snmp_duplicate_objid(priv_oid, p->securityPrivProtoLen);
    if (!p->securityAuthProto || !p->securityPrivProto) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    p->securityAuthKeyLen = USM_AUTH_KU_LEN;
    p->securityPrivKeyLen = USM_PRIV_KU_LEN;
    if (generate_Ku(p->securityAuthProto, (u_int)p->securityAuthProtoLen,
                    (const u_char *)s->auth, strlen(s->auth), p->securityAuthKey,
                    &p->securityAuthKeyLen) != SNMPERR_SUCCESS ||
        generate_Ku(p->securityAuthProto, (u_int)p->securityAuthProtoLen,
                    (const u_char *)s->privacy, strlen(s->privacy), p->securityPrivKey,
                    &p->securityPrivKeyLen) != SNMPERR_SUCCESS) {
        return bw_err_set(reterr, -EINVAL, "no key can be made of the passphrases");
    }
    return 0;
}

static void set_peer(struct bw_snmp_agent *a, const struct bw_snmp_job *job)
{
    bool six = strchr(job->address, ':') != NULL;
    (void)snprintf(a->peer, sizeof(a->peer), six ? "udp6:[%s]:%d" : "udp:%s:%d",
                   job->address, (int)job->port);
}

/* Nothing of the library's own files is read or written. */
static void init_library(void)
{
    static const int flags[] = {
        NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE,
        NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE};
    (void)setenv("MIBS", "", 1); /* NOLINT(concurrency-mt-unsafe): one thread */
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, flags[i], 1);
    }
    snmp_disable_log();
    init_snmp("bandwitness-snmp");
}

int bw_snmp_agent_new(const struct bw_snmp_job *job,
                      const struct bw_snmp_secrets *secrets,
                      struct bw_snmp_agent **ret,
                      struct bw_err *reterr)
{
    struct bw_snmp_agent *a = calloc(1, sizeof(*a));
    netsnmp_session *p;
    int r = 0;
    if (!a) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    init_library();
    p = &a->params;
    snmp_sess_init(p);
    set_peer(a, job);
    p->peername = a->peer;
    p->retries = 0;
    p->timeout = (long)BW_SNMP_TIMEOUT_MS * 1000;
    if (job->version == BW_SNMP_V2C) {
        p->version = SNMP_VERSION_2c;
        (void)memcpy(a->community, secrets->community, strlen(secrets->community) + 1);
        p->community = a->community;
        p->community_len = strlen(secrets->community);
    } else {
        p->version = SNMP_VERSION_3;
        (void)memcpy(a->user, job->user, sizeof(a->user));
        p->securityName = a->user;
        p->securityNameLen = strlen(a->user);
        p->securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
        p->securityModel = SNMP_SEC_MODEL_USM;
        r = set_keys(p, job, secrets, reterr);
    }
    if (r < 0) {
        bw_snmp_agent_free(a);
        return r;
    }
    *ret = a;
    return 0;
}

static void close_session(struct bw_snmp_agent *a)
{
    if (a->session) {
        (void)snmp_sess_close(a->session);
        a->session = NULL;
    }
    a->faults = 0;
    a->proven = false;
}

void bw_snmp_agent_free(struct bw_snmp_agent *a)
{
    if (!a) {
        return;
    }
    close_session(a);
    free(a->params.securityAuthProto);
    free(a->params.securityPrivProto);
    explicit_bzero(a, sizeof(*a));
    free(a);
}

static bool is_refusal(int error)
{
    switch (error) {
    case SNMPERR_UNKNOWN_USER_NAME:
    case SNMPERR_UNSUPPORTED_SEC_LEVEL:
    case SNMPERR_AUTHENTICATION_FAILURE:
    case SNMPERR_DECRYPTION_ERR:
    case SNMPERR_USM_UNKNOWNSECURITYNAME:
    case SNMPERR_USM_UNSUPPORTEDSECURITYLEVEL:
    case SNMPERR_USM_AUTHENTICATIONFAILURE:
    case SNMPERR_USM_DECRYPTIONERROR:
        return true;
    default:
        return false;
    }
}

static int fault_of(int error, struct bw_err *reterr)
{
    return bw_err_set(reterr, is_refusal(error) ? -EACCES : -ETIMEDOUT, "%.200s",
                      snmp_api_errstring(error));
}

static int open_session(struct bw_snmp_agent *a, struct bw_err *reterr)
{
    char *text = NULL;
    int system_error = 0;
    int error = 0;
    if (a->session) {
        return 0;
    }
    a->session = snmp_sess_open(&a->params);
    if (a->session) {
        return 0;
    }
    snmp_error(&a->params, &system_error, &error, &text);
    free(text);
    return fault_of(error, reterr);
}

/* Has the device said who it is (RFC 3414 §4), which needs no key? */
static bool engine_known(const struct bw_snmp_agent *a)
{
    const netsnmp_session *s = snmp_sess_session(a->session);
    return a->params.version == SNMP_VERSION_3 && s && s->securityEngineIDLen > 0;
}

/* The question is used up. *ret is freed by snmp_free_pdu(). */
static int exchange(struct bw_snmp_agent *a,
                    netsnmp_pdu *question,
                    netsnmp_pdu **ret,
                    struct bw_err *reterr)
{
    netsnmp_pdu *answer = NULL;
    char *text = NULL;
    int system_error = 0;
    int error = 0;
    int status = snmp_sess_synch_response(a->session, question, &answer);
    if (status == STAT_SUCCESS && answer) {
        if (answer->errstat == SNMP_ERR_NOERROR) {
            a->faults = 0;
            a->proven = true;
            *ret = answer;
            return 0;
        }
        error = (int)answer->errstat;
        snmp_free_pdu(answer);
        return bw_err_set(reterr,
                          error == SNMP_ERR_AUTHORIZATIONERROR || error == SNMP_ERR_NOACCESS
                              ? -EACCES
                              : -EPROTO,
                          "%.200s", snmp_errstring(error));
    }
    if (answer) {
        snmp_free_pdu(answer);
    }
    if (status == STAT_TIMEOUT) {
        error = SNMPERR_TIMEOUT;
    } else {
        snmp_sess_error(a->session, &system_error, &error, &text);
        free(text);
    }
    if (++a->faults >= FAULTS_MAX && !a->proven && engine_known(a)) {
        /* A message that cannot be decrypted is dropped without a word. */
        close_session(a);
        return bw_err_set(reterr, -EACCES,
                          "it says who it is and answers nothing else, as with a wrong "
                          "privacy passphrase");
    }
    if (a->faults >= FAULTS_MAX || error != SNMPERR_TIMEOUT) {
        close_session(a);
    }
    return fault_of(error, reterr);
}

/* ---- the names of all interfaces */

static size_t column_of(bool by_alias, oid name[COLUMN_LEN])
{
    (void)memcpy(name, items[ITEM_NAME].name, sizeof(items[ITEM_NAME].name));
    if (by_alias) {
        name[COLUMN_LEN - 1] = ALIAS;
    }
    return COLUMN_LEN;
}

/* The rows of one answer; true: the column goes on behind *at. */
static bool take_rows(const netsnmp_pdu *answer,
                      const oid column[COLUMN_LEN],
                      oid *at,
                      bw_snmp_row_cb row,
                      void *owner,
                      size_t *rows)
{
    bool more = false;
    const netsnmp_variable_list *v = answer ? answer->variables : NULL;
    for (; v; v = v->next_variable) {
        if (v->name_length != COLUMN_LEN + 1 || v->type != ASN_OCTET_STR ||
            memcmp(v->name, column, COLUMN_LEN * sizeof(oid)) != 0 ||
            v->name[COLUMN_LEN] <= *at || v->name[COLUMN_LEN] > INT32_MAX) {
            return false; /* behind the column's end, or not in order */
        }
        *at = v->name[COLUMN_LEN];
        row(owner, (int64_t)*at, (const char *)v->val.string, v->val_len);
        (*rows)++;
        more = true;
    }
    return more;
}

int bw_snmp_agent_column(struct bw_snmp_agent *a,
                         bool by_alias,
                         bw_snmp_row_cb row,
                         void *owner,
                         bool *ret_whole,
                         struct bw_err *reterr)
{
    oid column[COLUMN_LEN + 1];
    oid at = 0;
    size_t rows = 0;
    bool more = true;
    int r = open_session(a, reterr);
    if (r < 0) {
        return r;
    }
    (void)column_of(by_alias, column);
    while (more && rows < BW_SNMP_ROWS_MAX) {
        netsnmp_pdu *answer = NULL;
        netsnmp_pdu *question = snmp_pdu_create(SNMP_MSG_GETBULK);
        if (!question) {
            return bw_err_set(reterr, -ENOMEM, "out of memory");
        }
        question->non_repeaters = 0;
        question->max_repetitions = BULK;
        column[COLUMN_LEN] = at;
        (void)snmp_add_null_var(question, column, at == 0 ? COLUMN_LEN : COLUMN_LEN + 1);
        r = exchange(a, question, &answer, reterr);
        if (r < 0) {
            return r;
        }
        more = take_rows(answer, column, &at, row, owner, &rows);
        snmp_free_pdu(answer);
    }
    *ret_whole = !more;
    return 0;
}

/* ---- one interface */

static int64_t unsigned_of(const netsnmp_variable_list *v)
{
    switch (v->type) {
    case ASN_INTEGER:
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS:
        return v->val.integer ? (int64_t)((unsigned long)*v->val.integer & UINT32_MAX)
                              : BW_UNKNOWN;
    default:
        return BW_UNKNOWN; /* no such object, or nonsense */
    }
}

static bool wide_of(const netsnmp_variable_list *v, uint64_t *ret)
{
    if (v->type != ASN_COUNTER64 || !v->val.counter64) {
        return false;
    }
    *ret = ((uint64_t)v->val.counter64->high & UINT32_MAX) << 32 |
           ((uint64_t)v->val.counter64->low & UINT32_MAX);
    return true;
}

static void take_name(const netsnmp_variable_list *v, struct bw_snmp_answer *ret)
{
    if (v->type == ASN_OCTET_STR && v->val_len <= BW_SNMP_NAME_MAX &&
        !memchr(v->val.string, '\0', v->val_len)) {
        (void)memcpy(ret->name, v->val.string, v->val_len);
        ret->name[v->val_len] = '\0';
        ret->name_known = true;
    }
}

static int
take_items(const netsnmp_pdu *answer, struct bw_snmp_answer *ret, struct bw_err *reterr)
{
    bool has_in = false;
    bool has_out = false;
    const netsnmp_variable_list *v = answer ? answer->variables : NULL;
    for (int i = 0; i < ITEMS; i++, v = v->next_variable) {
        if (!v) {
            return bw_err_set(reterr, -EPROTO, "the answer holds less than was asked for");
        }
        switch ((enum item)i) {
        case ITEM_UPTIME:
            ret->uptime_cs = unsigned_of(v);
            break;
        case ITEM_NAME:
            take_name(v, ret);
            break;
        case ITEM_TYPE:
            ret->if_type = unsigned_of(v);
            break;
        case ITEM_HC_IN:
            has_in = wide_of(v, &ret->in64);
            break;
        case ITEM_HC_OUT:
            has_out = wide_of(v, &ret->out64);
            break;
        case ITEM_HIGH_SPEED:
            ret->high_speed_mbps = unsigned_of(v);
            break;
        case ITEM_DISCONTINUITY:
            ret->discontinuity_cs = unsigned_of(v);
            break;
        case ITEM_OPER_STATUS:
            ret->oper_status = unsigned_of(v);
            break;
        case ITEM_SPEED:
            ret->speed_bps = unsigned_of(v);
            break;
        case ITEM_IN:
            ret->in32 = unsigned_of(v);
            break;
        case ITEM_OUT:
            ret->out32 = unsigned_of(v);
            break;
        case ITEMS:
            break;
        }
    }
    ret->has64 = has_in && has_out;
    return 0;
}

int bw_snmp_agent_ask(struct bw_snmp_agent *a,
                      bool by_alias,
                      int64_t ifindex,
                      struct bw_snmp_answer *ret,
                      struct bw_err *reterr)
{
    netsnmp_pdu *answer = NULL;
    netsnmp_pdu *question;
    int r = open_session(a, reterr);
    if (r < 0) {
        return r;
    }
    question = snmp_pdu_create(SNMP_MSG_GET);
    if (!question) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    for (int i = 0; i < ITEMS; i++) {
        oid name[COLUMN_LEN + 1];
        size_t n = items[i].n;
        (void)memcpy(name, items[i].name, sizeof(items[i].name));
        if (i == ITEM_NAME) {
            n = column_of(by_alias, name);
        }
        if (i != ITEM_UPTIME) {
            name[n++] = (oid)ifindex;
        }
        (void)snmp_add_null_var(question, name, n);
    }
    (void)memset(ret, 0, sizeof(*ret));
    ret->sent_ns = bw_clock_mono_ns();
    r = exchange(a, question, &answer, reterr);
    ret->got_ns = bw_clock_mono_ns();
    if (r < 0) {
        return r;
    }
    r = take_items(answer, ret, reterr);
    snmp_free_pdu(answer);
    return r;
}
