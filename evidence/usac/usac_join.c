/* SPDX-License-Identifier: GPL-3.0-or-later
 * usac_join.c - status, recipients and entities of the lines that are kept, and the claims
 * that come of all of it.
 *
 * Invariant: what is joined stands under the same FRN (and line item, where the file has
 * one); nothing is joined by name. */
#include "usac.h"
#include "usac_private.h"

#include <bw/err.h>
#include <errno.h>
#include <grow.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    GAP = 0x1f, /* between packed values; no text for people has it */
    PACKED_MAX = 2048
};

struct cell {
    enum bw_usac_column column;
    const char *member;
};

static const struct cell of_frn[] = {
    {BW_COL_STATUS, "status"},
    {BW_COL_SERVICE, "service"},
    {BW_COL_SPIN, "spin"},
    {BW_COL_PROVIDER, "provider"},
    {BW_COL_CONTRACT, "contract"},
    {BW_COL_DISCOUNT, "discount"},
    {BW_COL_SERVICE_START, "service_start"},
    {BW_COL_CONTRACT_END, "contract_end"},
    {BW_COL_DELIVERY, "delivery_deadline"},
    {BW_COL_COMMITMENT, "commitment"},
};

static const struct cell of_recipients[] = {
    {BW_COL_CATEGORY, "category"},
    {BW_COL_SPIN, "spin"},
    {BW_COL_PROVIDER, "provider"},
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static bool named(const struct cell *cells, size_t n, const char *field)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(cells[i].member, field) == 0) {
            return true;
        }
    }
    return false;
}

bool bw_usac_of_frn(const char *field)
{
    return named(of_frn, N(of_frn), field);
}

bool bw_usac_of_recipients(const char *field)
{
    return strcmp(field, "category") == 0 || strcmp(field, "spin") == 0 ||
           strcmp(field, "recipients") == 0 || strcmp(field, "n_recipients") == 0;
}

/* The cells as checked text, one after another. -EINVAL: *why. */
static int pack(const struct bw_usac_row *row,
                const struct cell *cells,
                size_t n,
                struct bw_buf *out,
                struct bw_err *why)
{
    struct bw_claimline c;
    int r = 0;
    bw_claimline_init(&c);
    for (size_t i = 0; r == 0 && i < n; i++) {
        const struct bw_field *f = bw_usac_field(cells[i].member);
        r = bw_field_take(f, &c, bw_usac_cell(row, cells[i].column), why);
        bw_field_text(f, &c, out);
        bw_buf_putc(out, GAP);
    }
    bw_claimline_done(&c);
    return r < 0 ? -EINVAL : 0;
}

/* Into members that are not stated yet. */
static int
unpack(const char *packed, const struct cell *cells, size_t n, struct bw_claimline *c)
{
    char value[PACKED_MAX];
    for (size_t i = 0; i < n; i++) {
        const struct bw_field *f = bw_usac_field(cells[i].member);
        const char *end = strchr(packed, GAP);
        size_t len = end ? (size_t)(end - packed) : 0;
        if (!end || len >= sizeof(value)) {
            return -BW_EMALFORMED;
        }
        memcpy(value, packed, len);
        value[len] = '\0';
        packed = end + 1;
        if (len > 0 && !bw_field_stated(f, c) && bw_field_take(f, c, value, NULL) < 0) {
            return -BW_EMALFORMED;
        }
    }
    return 0;
}

int bw_usac_take_asked(struct bw_usac *u,
                       const struct bw_usac_row *row,
                       struct bw_err *reterr)
{
    struct bw_kept_row *there;
    if (!bw_usac_payer_asked(u, bw_usac_cell(row, BW_COL_RECIPIENT)) &&
        !bw_usac_payer_asked(u, bw_usac_cell(row, BW_COL_BEN))) {
        return 0;
    }
    int r = bw_kept_add(&u->asked, bw_usac_cell(row, BW_COL_FRN), &there);
    return r < 0 ? bw_usac_full(u, r, reterr) : 0;
}

int bw_usac_take_status(struct bw_usac *u,
                        const struct bw_usac_row *row,
                        struct bw_err *reterr)
{
    const char *frn = bw_usac_cell(row, BW_COL_FRN);
    struct bw_buf packed;
    struct bw_err why = {.text = ""};
    if (!bw_kept_find(&u->frns, frn)) {
        bw_usac_leave_out(u, BW_LEFT_UNRELATED);
        return 0;
    }
    if (!bw_usac_current(row)) {
        bw_usac_leave_out(u, BW_LEFT_VERSION);
        return 0;
    }
    bw_buf_init(&packed, PACKED_MAX);
    int r = pack(row, of_frn, N(of_frn), &packed, &why);
    if (r < 0) {
        r = bw_usac_refuse(u, row, why.text);
    } else {
        r = bw_usac_keep(u, &u->frns, frn, row, packed.data, packed.len, reterr);
        r = r > 0 || r == -EEXIST ? 0 : r;
    }
    bw_buf_done(&packed);
    return r;
}

static int
link_to(struct bw_usac *u, struct bw_kept_row *to, const char *number, struct bw_err *e)
{
    if (u->n_links == BW_USAC_LINKS_MAX) {
        return bw_usac_full(u, -ENOSPC, e);
    }
    if (u->n_links == u->cap_links) {
        void *grown = bw_grow(u->links, u->n_links, &u->cap_links, sizeof(u->links[0]));
        if (!grown) {
            return bw_usac_full(u, -ENOMEM, e);
        }
        u->links = grown;
    }
    struct bw_usac_link *l = &u->links[u->n_links];
    memset(l, 0, sizeof(*l));
    l->next = to->head;
    memcpy(l->number, number, strlen(number) + 1);
    to->head = (uint32_t)u->n_links++;
    return 0;
}

/* What the row says of its FRN; said again it must be the same. 0, 1 (refused). */
static int extra(struct bw_usac *u,
                 const struct bw_usac_row *row,
                 const char *frn,
                 struct bw_err *reterr)
{
    struct bw_buf packed;
    struct bw_err why = {.text = ""};
    struct bw_kept_row *there;
    bw_buf_init(&packed, PACKED_MAX);
    int r = pack(row, of_recipients, N(of_recipients), &packed, &why);
    if (r < 0) {
        (void)bw_usac_refuse(u, row, why.text);
        r = 1;
        goto out;
    }
    there = bw_kept_find(&u->extras, frn);
    if (there) {
        if (there->len != packed.len ||
            memcmp(bw_kept_data(&u->extras, there), packed.data, packed.len) != 0) {
            (void)bw_usac_refuse(u, row,
                                 "category or provider of this FRN are others than in an "
                                 "earlier row");
            r = 1;
        }
        goto out;
    }
    r = bw_kept_add(&u->extras, frn, &there);
    r = r < 0 ? r
              : bw_kept_put(&u->extras, (size_t)(there - u->extras.rows), packed.data,
                            packed.len);
    r = r < 0 ? bw_usac_full(u, r, reterr) : 0;
out:
    bw_buf_done(&packed);
    return r;
}

int bw_usac_take_recipient(struct bw_usac *u,
                           const struct bw_usac_row *row,
                           struct bw_err *reterr)
{
    const char *number = bw_usac_cell(row, BW_COL_RECIPIENT);
    char frn[12];
    char line[8];
    char key[24];
    struct bw_kept_row *to;
    struct bw_kept_row *entity;
    if (!bw_kept_find(&u->frns, bw_usac_cell(row, BW_COL_FRN))) {
        bw_usac_leave_out(u, BW_LEFT_UNRELATED);
        return 0;
    }
    if (!bw_usac_current(row)) {
        bw_usac_leave_out(u, BW_LEFT_VERSION);
        return 0;
    }
    if (bw_usac_line_key(bw_usac_cell(row, BW_COL_FRN), bw_usac_cell(row, BW_COL_LINE), frn,
                         line, key) < 0) {
        return bw_usac_refuse(u, row, "its line item is not like 1699048824.003");
    }
    size_t n = strlen(number);
    if (n == 0 || n > BW_NUMBER_MAX || number[strspn(number, "0123456789")] != '\0') {
        return bw_usac_refuse(u, row, "ros_entity_number is not a number");
    }
    to = bw_kept_find(line[0] ? &u->lines : &u->frns, key);
    if (!to) { /* a line of taxes, or equipment */
        bw_usac_leave_out(u, BW_LEFT_UNRELATED);
        return 0;
    }
    int r = extra(u, row, frn, reterr);
    if (r != 0) {
        return r < 0 ? r : 0;
    }
    r = link_to(u, to, number, reterr);
    if (r == 0 && (r = bw_kept_add(&u->entities, number, &entity)) < 0) {
        return bw_usac_full(u, r, reterr);
    }
    if (r == 0) {
        entity->mark |= BW_MARK_WANTED;
        u->sum.files[row->file].kept++;
    }
    return r;
}

static bool wanted(const struct bw_usac *u, const char *number)
{
    const struct bw_kept_row *there = bw_kept_find(&u->entities, number);
    return there && there->mark & BW_MARK_WANTED;
}

/* With line items: who pays or uses them, and what belongs to those. Without: by what was
 * asked. */
static bool entity_asked(const struct bw_usac *u, const struct bw_usac_row *row)
{
    const struct bw_usac_options *o = u->options;
    const char *number = bw_usac_cell(row, BW_COL_NUMBER);
    const char *parent = bw_usac_cell(row, BW_COL_PARENT);
    if (u->any_lines) {
        return wanted(u, number) || wanted(u, parent);
    }
    if (o->state && strcasecmp(bw_usac_cell(row, BW_COL_STATE), o->state) != 0) {
        return false;
    }
    return o->n_payers == 0 || bw_usac_payer_asked(u, number) ||
           bw_usac_payer_asked(u, parent);
}

int bw_usac_take_entity(struct bw_usac *u,
                        const struct bw_usac_row *row,
                        struct bw_err *reterr)
{
    static const struct {
        enum bw_usac_column column;
        const char *member;
    } cells[] = {
        {BW_COL_NUMBER, "number"},
        {BW_COL_NAME, "name"},
        {BW_COL_TYPE, "type"},
        {BW_COL_ENTITY_STATUS, "status"},
        {BW_COL_PARENT, "parent"},
        {BW_COL_STATE, "state"},
        {BW_COL_COUNTY, "county"},
        {BW_COL_STUDENTS, "students"},
        {BW_COL_NCES_STATE, "nces_state"},
        {BW_COL_NCES_DISTRICT, "nces_district"},
        {BW_COL_NCES_BUILDING, "nces_building"},
        {BW_COL_LOCALE, "locale"},
    };
    struct bw_entityline e;
    struct bw_buf body;
    struct bw_err why = {.text = ""};
    int r = 0;
    if (!entity_asked(u, row)) {
        bw_usac_leave_out(u, u->any_lines ? BW_LEFT_UNRELATED : BW_LEFT_OUTSIDE);
        return 0;
    }
    bw_entityline_init(&e);
    bw_buf_init(&body, 16384);
    for (size_t i = 0; r == 0 && i < N(cells); i++) {
        for (size_t f = 0; f < bw_entityline_n_fields; f++) {
            if (r == 0 && strcmp(bw_entityline_fields[f].name, cells[i].member) == 0) {
                r = bw_field_take(&bw_entityline_fields[f], &e,
                                  bw_usac_cell(row, cells[i].column), &why);
            }
        }
    }
    r = r < 0 ? r : bw_entityline_encode(&e, &body, &why);
    if (r < 0) {
        r = bw_usac_refuse(u, row, why.text);
    } else {
        r = bw_usac_keep(u, &u->entities, e.number, row, body.data, body.len, reterr);
        r = r > 0 || r == -EEXIST ? 0 : r;
    }
    bw_buf_done(&body);
    return r;
}

size_t bw_usac_claims(const struct bw_usac *u)
{
    return u->lines.n;
}

size_t bw_usac_entities(const struct bw_usac *u)
{
    return u->entities.n;
}

static int by_number(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Who uses the line: sorted, each once; a list that is too long is told by its length. */
static int recipients(const struct bw_usac *u, uint32_t head, struct bw_claimline *c)
{
    char(*all)[BW_NUMBER_MAX + 1];
    size_t n = 0;
    size_t unique = 0;
    for (uint32_t l = head; l != BW_KEPT_NONE; l = u->links[l].next) {
        n++;
    }
    if (n == 0) {
        return 0;
    }
    all = calloc(n, sizeof(all[0]));
    if (!all) {
        return -ENOMEM;
    }
    n = 0;
    for (uint32_t l = head; l != BW_KEPT_NONE; l = u->links[l].next) {
        memcpy(all[n++], u->links[l].number, sizeof(all[0]));
    }
    qsort(all, n, sizeof(all[0]), by_number);
    for (size_t i = 0; i < n; i++) {
        if (unique == 0 || strcmp(all[unique - 1], all[i]) != 0) {
            memmove(all[unique++], all[i], sizeof(all[0]));
        }
    }
    c->n_recipients = (int64_t)unique;
    if (unique > BW_NUMBERS_MAX) {
        c->flags |= BW_CLAIM_MANY_RECIPIENTS;
        free(all);
        return 0;
    }
    c->recipients.text = all;
    c->recipients.n = unique;
    return 0;
}

/* What the rows of recipients say of the FRN; no SPIN of a provider that the status does
 * not name, for then one of both files is older. */
static int take_extras(const char *packed, struct bw_claimline *c)
{
    struct bw_claimline said;
    bw_claimline_init(&said);
    int r = unpack(packed, of_recipients, N(of_recipients), &said);
    if (r == 0 && said.provider[0] && c->provider[0] &&
        strcasecmp(said.provider, c->provider) != 0) {
        memset(said.spin, 0, sizeof(said.spin));
    }
    for (size_t i = 0; r == 0 && i < N(of_recipients); i++) {
        const struct bw_field *f = bw_usac_field(of_recipients[i].member);
        if (!bw_field_stated(f, c)) {
            r = bw_field_copy(f, c, &said);
        }
    }
    bw_claimline_done(&said);
    return r;
}

int bw_usac_claim(const struct bw_usac *u,
                  size_t i,
                  struct bw_claimline *ret,
                  struct bw_usac_place *ret_place,
                  bool *ret_has_frn,
                  bool *ret_has_recipients,
                  struct bw_err *reterr)
{
    const struct bw_kept_row *row = &u->lines.rows[i];
    const struct bw_kept_row *frn;
    const struct bw_kept_row *more;
    bw_claimline_init(ret);
    *ret_has_frn = false;
    *ret_has_recipients = false;
    if (row->mark & BW_MARK_REFUSED || row->data == BW_KEPT_NONE) {
        return 0;
    }
    int r = bw_claimline_decode(bw_kept_data(&u->lines, row), row->len, ret, reterr);
    if (r < 0) {
        return r;
    }
    frn = bw_kept_find(&u->frns, ret->frn);
    more = bw_kept_find(&u->extras, ret->frn);
    if (frn && frn->data != BW_KEPT_NONE && !(frn->mark & BW_MARK_REFUSED)) {
        *ret_has_frn = true;
        r = unpack(bw_kept_data(&u->frns, frn), of_frn, N(of_frn), ret);
    }
    if (r == 0 && more && more->data != BW_KEPT_NONE) {
        r = take_extras(bw_kept_data(&u->extras, more), ret);
    }
    uint32_t head = row->head != BW_KEPT_NONE || !frn ? row->head : frn->head;
    *ret_has_recipients = head != BW_KEPT_NONE;
    r = r < 0 ? r : recipients(u, head, ret);
    *ret_place = (struct bw_usac_place){&u->sum.files[row->file], row->line};
    return r < 0 ? bw_err_set(reterr, r, "%s: cannot be joined", ret->frn) : 1;
}

int bw_usac_entity(const struct bw_usac *u,
                   size_t i,
                   struct bw_entityline *ret,
                   struct bw_usac_place *ret_place,
                   struct bw_err *reterr)
{
    const struct bw_kept_row *row = &u->entities.rows[i];
    if (row->mark & BW_MARK_REFUSED || row->data == BW_KEPT_NONE) {
        return 0;
    }
    int r = bw_entityline_decode(bw_kept_data(&u->entities, row), row->len, ret, reterr);
    *ret_place = (struct bw_usac_place){&u->sum.files[row->file], row->line};
    return r < 0 ? r : 1;
}
