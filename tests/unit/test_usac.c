/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_usac.c - headings in every spelling, what is kept of rows, and the four files
 * joined. (What a user sees of it: tests/evidence/test_import.py.) */
#include "bw_test.h"

#include "kept.h"
#include "usac.h"
#include "usac_columns.h"
#include "usac_private.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int heading(const char *text, struct bw_usac_heading *ret, struct bw_err *err)
{
    struct bw_csv *c;
    const struct bw_csv_field *f;
    size_t n;
    assert_int_equal(bw_csv_memory("h.csv", text, strlen(text), &c, err), 0);
    assert_int_equal(bw_csv_next(c, &f, &n, err), 1);
    int r = bw_usac_heading_read("h.csv", f, n, ret, err);
    bw_csv_close(c);
    return r;
}

#define LINE_COLUMNS                                                                       \
    "state,funding_year,form_version,application_number,funding_request_number,"           \
    "form_471_line_item_number,form_471_function_name,form_471_product_name,"              \
    "form_471_purpose_name,download_speed,upload_speed,monthly_quantity,months_of_"        \
    "service,"                                                                             \
    "total_monthly_cost"

static void headings(void **state)
{
    struct bw_usac_heading h;
    struct bw_err err = {.text = ""};
    (void)state;
    assert_int_equal(heading("ben," LINE_COLUMNS ",cnct_email", &h, &err), 0);
    assert_int_equal(h.set, BW_USAC_LINES);
    assert_int_equal(h.at[BW_COL_BEN], 0);
    assert_int_equal(h.at[BW_COL_DOWN], 10);
    assert_int_equal(h.at[BW_COL_DOWN_UNIT], -1);
    assert_int_equal(h.at[BW_COL_RECIPIENT], -1);
    /* display names, and the API's camel case */
    assert_int_equal(
        heading("Funding Request Number,Form 471 FRN Status Name,Form 471 Service Type "
                "Name,SPIN Name,Dis Pct",
                &h, &err),
        0);
    assert_int_equal(h.set, BW_USAC_STATUS);
    assert_int_equal(h.at[BW_COL_PROVIDER], 3);
    assert_int_equal(heading("fundingRequestNumber,billedEntityNumber,rosEntityNumber,"
                             "chosenCategoryOfService,spinNumber",
                             &h, &err),
                     0);
    assert_int_equal(h.set, BW_USAC_RECIPIENTS);
    assert_int_equal(h.at[BW_COL_BEN], 1);
    assert_int_equal(h.at[BW_COL_SPIN], 4);
    assert_int_equal(
        heading("Entity Number,Entity Name,Entity Type,Physical State,Parent Entity Number,"
                "Number Of Full Time Students,NCES Public State Code,NCES Public District "
                "Code,NCES Public Building Code",
                &h, &err),
        0);
    assert_int_equal(h.set, BW_USAC_ENTITIES);
}

static void bad_headings(void **state)
{
    struct bw_usac_heading h;
    struct bw_err err = {.text = ""};
    (void)state;
    assert_int_equal(heading(LINE_COLUMNS, &h, &err), -BW_EMALFORMED);
    assert_non_null(strstr(err.text, "h.csv:1: no column ben"));
    assert_int_equal(heading("ben," LINE_COLUMNS ",Download Speed", &h, &err),
                     -BW_EMALFORMED);
    assert_non_null(
        strstr(err.text, "columns 11 'download_speed' and 16 'Download Speed'"));
    assert_int_equal(heading("ben,billed_entity_number," LINE_COLUMNS, &h, &err),
                     -BW_EMALFORMED);
    assert_non_null(strstr(err.text, "both say ben"));
    assert_int_equal(heading("name,phone,email", &h, &err), -BW_EMALFORMED);
    assert_non_null(strstr(err.text, "not one of USAC's"));
}

static void keeping(void **state)
{
    struct bw_kept k;
    struct bw_kept_row *row;
    char key[32];
    (void)state;
    bw_kept_init(&k, 5000, 200000);
    assert_null(bw_kept_find(&k, "a"));
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(key, sizeof(key), "key %d", i);
        assert_int_equal(bw_kept_add(&k, key, &row), 0);
        row->line = i;
        assert_int_equal(bw_kept_put(&k, (size_t)(row - k.rows), key + 4, strlen(key + 4)),
                         0);
    }
    assert_int_equal(bw_kept_add(&k, "one more", &row), -ENOSPC);
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(key, sizeof(key), "key %d", i);
        row = bw_kept_find(&k, key);
        assert_non_null(row);
        assert_int_equal(row->line, i);
        assert_string_equal(bw_kept_data(&k, row), key + 4);
    }
    assert_null(bw_kept_find(&k, "key 5000"));
    char *much = calloc(1, 200000);
    assert_int_equal(bw_kept_put(&k, 0, much, 200000), -ENOSPC);
    free(much);
    bw_kept_done(&k);
}

static void taxes(void **state)
{
    (void)state;
    assert_true(bw_usac_is_tax("Miscellaneous", "Taxes"));
    assert_true(bw_usac_is_tax("Fees & Charges", ""));
    assert_true(bw_usac_is_tax("", "Taxes/USF Fees"));
    assert_false(bw_usac_is_tax("Fiber", "Leased Lit Fiber (with or without Internet)"));
    assert_false(bw_usac_is_tax("Copper", "Taxi radio, coffee"));
}

static void line_keys(void **state)
{
    char frn[12];
    char line[8];
    char key[24];
    (void)state;
    assert_int_equal(bw_usac_line_key("1699048824", "1699048824.003", frn, line, key), 0);
    assert_string_equal(key, "1699048824.003");
    assert_int_equal(bw_usac_line_key("1699048824", "3", frn, line, key), 0);
    assert_string_equal(key, "1699048824.003");
    assert_int_equal(bw_usac_line_key("1699048824", "", frn, line, key), 0);
    assert_string_equal(key, "1699048824");
    assert_string_equal(line, "");
    assert_int_equal(bw_usac_line_key("1699048824", "1699048825.003", frn, line, key),
                     -EINVAL);
    assert_int_equal(bw_usac_line_key("FRN1", "1", frn, line, key), -EINVAL);
}

struct file {
    char path[32];
};

static void write_file(struct file *f, const char *text)
{
    (void)snprintf(f->path, sizeof(f->path), "/tmp/bw-usac-XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static void joined(void **state)
{
    static const char *const texts[] = {
        "entity_number,entity_name,entity_type,physical_state,parent_entity_number,"
        "number_of_full_time_students,nces_public_state_code,nces_public_district_code,"
        "nces_public_building_code,locale\n"
        "100200,Alder Creek SD,School District,OR,,1200,41,00001,,\n"
        "100201,Heron School,School,OR,100200,400,41,00001,00007,42\n"
        "100299,Elm School,School,OR,100300,10,,,,\n",
        "funding_request_number,billed_entity_number,ros_entity_number,"
        "chosen_category_of_service,form_471_line_item_number,spin_number,spin_name\n"
        "2699000001,100200,100201,Category1,2699000001.001,143000555,Other name\n"
        "2699000001,100200,100200,Category1,2699000001.001,143000555,Other name\n"
        "2699000001,100200,100201,Category1,2699000001.001,143000555,Other name\n"
        "2699000009,100400,100401,Category1,2699000009.001,143000555,Other name\n",
        "funding_request_number,form_471_frn_status_name,form_471_service_type_name,"
        "spin_name,dis_pct,service_start_date,form_version\n"
        "2699000001,Funded,Data,Heron Fiber,0.8,2026-07-01T00:00:00.000,Current\n"
        "2699000001,Pending,Data,Heron Fiber,0.8,2026-07-01T00:00:00.000,Original\n",
        "ben," LINE_COLUMNS ",form_471_download_speed_unit_name,"
        "form_471_upload_speed_unit_name\n"
        "100200,OR,2026,Current,261000001,2699000001,2699000001.001,Fiber,Ethernet,"
        "Internet access service that includes a connection from any applicant site "
        "directly "
        "to the Internet Service Provider,1.0,1.0,2,12,450.50,Gbps,Gbps\n"
        "100200,OR,2026,Original,261000001,2699000001,2699000001.001,Fiber,Ethernet,"
        "x,1.0,1.0,2,12,450.50,Gbps,Gbps\n"
        "100200,OR,2025,Current,261000001,2599000001,2599000001.001,Fiber,Ethernet,"
        "x,1.0,1.0,2,12,450.50,Gbps,Gbps\n"
        "100200,WA,2026,Current,261000001,2699000001,2699000001.009,Fiber,Ethernet,"
        "x,1.0,1.0,2,12,450.50,Gbps,Gbps\n"
        "100200,OR,2026,Current,261000001,2699000001,2699000001.002,Miscellaneous,Taxes,"
        ",1.0,1.0,1,12,3.10,Mbps,Mbps\n"
        "100200,OR,2026,Current,261000001,2699000001,2699000001.003,Switches,Switch,"
        ",0,,0,0,0,,\n"
        "100200,OR,2026,Current,261000001,2699000001,2699000001.004,Fiber,Ethernet,"
        "x,300,300,1,12,450.50,Gbps,Gbps\n"
        "100200,OR,2026,Current,261000001,2699000001,2699000001.005,Fiber,Ethernet,"
        "x,100,100,1,12,450.50,,Mbps\n",
    };
    struct bw_usac_options options = {.state = "or", .year = 2026};
    struct file files[4];
    const char *paths[4];
    struct bw_usac *u;
    struct bw_claimline c;
    struct bw_entityline e;
    struct bw_usac_place place;
    struct bw_err err = {.text = ""};
    bool has_frn;
    bool has_recipients;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        write_file(&files[i], texts[i]);
        paths[i] = files[i].path;
    }
    assert_int_equal(bw_usac_new(&options, &u), 0);
    if (bw_usac_read(u, paths, 4, NULL, NULL, &err) < 0) {
        fail_msg("%s", err.text);
    }
    const struct bw_usac_sum *sum = bw_usac_sum(u);
    assert_int_equal(sum->left_out[BW_LEFT_OUTSIDE], 2);
    assert_int_equal(sum->left_out[BW_LEFT_VERSION], 2);
    assert_int_equal(sum->left_out[BW_LEFT_TAX], 1);
    assert_int_equal(sum->left_out[BW_LEFT_NO_SPEED], 1);
    assert_int_equal(sum->left_out[BW_LEFT_UNRELATED], 2);
    assert_int_equal(sum->refused, 1);
    assert_non_null(strstr(sum->refusals, ":9: download_speed 100 has no unit"));
    assert_int_equal(sum->doubtful, 1);
    assert_non_null(strstr(sum->doubts, ":8: 2699000001.004: more than 101 Gbps"));
    /* every row is somewhere */
    int64_t rows = 0;
    int64_t somewhere = sum->refused;
    for (size_t i = 0; i < 4; i++) {
        rows += sum->files[i].rows;
        somewhere += sum->files[i].kept;
    }
    for (size_t i = 0; i < BW_LEFTS; i++) {
        somewhere += sum->left_out[i];
    }
    assert_int_equal(rows, 17);
    assert_int_equal(somewhere, rows);
    assert_int_equal(bw_usac_claims(u), 2);
    assert_int_equal(bw_usac_claim(u, 0, &c, &place, &has_frn, &has_recipients, &err), 1);
    assert_true(has_frn && has_recipients);
    assert_int_equal(place.line, 2);
    assert_string_equal(place.file->path, files[3].path);
    assert_string_equal(c.frn, "2699000001");
    assert_string_equal(c.line, "001");
    assert_int_equal(c.down.bps, 1000000000);
    assert_int_equal(c.role, BW_ROLE_INTERNET);
    assert_string_equal(c.status, "Funded");
    assert_string_equal(c.provider, "Heron Fiber"); /* the status' own goes first */
    assert_string_equal(c.spin, "");                /* the number is Other name's */
    /* what it lacks, the recipients say */
    assert_string_equal(c.category, "Category1");
    assert_string_equal(c.service_start, "2026-07-01");
    assert_int_equal(c.discount.n, 8);
    assert_int_equal(c.n_recipients, 2);
    assert_string_equal(c.recipients.text[0], "100200");
    assert_string_equal(c.recipients.text[1], "100201");
    assert_int_equal(c.unit_monthly.n, 4505);
    bw_claimline_done(&c);
    assert_int_equal(bw_usac_claim(u, 1, &c, &place, &has_frn, &has_recipients, &err), 1);
    assert_int_equal(c.flags, BW_CLAIM_MBPS_TYPED_WRONG);
    assert_false(has_recipients);
    bw_claimline_done(&c);
    size_t entities = 0;
    for (size_t i = 0; i < bw_usac_entities(u); i++) {
        entities += (size_t)bw_usac_entity(u, i, &e, &place, &err);
        assert_string_equal(bw_entityline_locale(&e),
                            strcmp(e.number, "100201") == 0 ? "42" : "");
    }
    assert_int_equal(entities, 2); /* not Elm School */
    bw_usac_free(u);
    for (size_t i = 0; i < 4; i++) {
        (void)unlink(files[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headings), cmocka_unit_test(bad_headings),
        cmocka_unit_test(keeping),  cmocka_unit_test(taxes),
        cmocka_unit_test(joined),   cmocka_unit_test(line_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
