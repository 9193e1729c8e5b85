/* SPDX-License-Identifier: GPL-3.0-or-later
 * privacy_view.c - what `bandwitness privacy-check` prints.
 *
 * First what was looked at and for what, then what is collected, then the answer. */
#include "privacy_view.h"

#include "plural.h"

#include <bw/units.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <summary_fields.h>

/* ---- fields
 * ------------------------------------------------------------------------------- */

static int print_field(void *owner, const struct bw_field *f)
{
    (void)owner;
    (void)printf("| `%s` | %s | %s | %s |\n", f->path, f->meaning ? f->meaning : "",
                 bw_field_from_text(f->from), f->unit);
    return 0;
}

static int add_field(void *owner, const struct bw_field *f)
{
    json_t *list = owner;
    json_t *o =
        json_pack("{s:s, s:s, s:s}", "field", f->path, "meaning",
                  f->meaning ? f->meaning : "", "from", bw_field_from_text(f->from));
    if (f->unit[0]) {
        (void)json_object_set_new(o, "unit", json_string(f->unit));
    }
    (void)json_array_append_new(list, o);
    return 0;
}

static json_t *fields_json(void)
{
    json_t *list = json_array();
    (void)bw_summary_fields(add_field, list);
    return list;
}

static void print_json(json_t *o)
{
    (void)json_dumpf(o, stdout, JSON_INDENT(2));
    (void)putchar('\n');
    json_decref(o);
}

static void print_fields(void)
{
    (void)printf("| field | meaning | from | unit |\n|---|---|---|---|\n");
    (void)bw_summary_fields(print_field, NULL);
}

void privacy_view_fields(bool as_json)
{
    if (as_json) {
        print_json(fields_json());
    } else {
        print_fields();
    }
}

/* ---- findings
 * ----------------------------------------------------------------------------- */

static const char *why_text(const struct bw_found *f)
{
    switch (f->why) {
    case BW_FOUND_SEEN:
        return "was seen in traffic, and stands here as text";
    case BW_FOUND_BYTES:
        return "was seen in traffic, and stands here as bare bytes";
    case BW_FOUND_SHAPE:
        return "is shaped like one, and no configuration names it";
    case BW_FOUND_CORE:
        break;
    }
    return "the memory of a program, with whatever it held";
}

static const char *found_word(enum bw_found_why why)
{
    static const char *const words[] = {[BW_FOUND_SEEN] = "seen",
                                        [BW_FOUND_BYTES] = "seen-bytes",
                                        [BW_FOUND_SHAPE] = "shape",
                                        [BW_FOUND_CORE] = "core"};
    return words[why];
}

static void print_found(const struct privacy_view *v, const struct bw_found *f)
{
    const char *path = v->report->files[f->file].path;
    if (f->why == BW_FOUND_CORE) {
        (void)printf("  FOUND %s: a core file: %s\n", path, why_text(f));
        return;
    }
    (void)printf("  FOUND %s, ", path);
    if (f->offset == BW_UNKNOWN) {
        (void)printf("%s", f->where);
    } else {
        (void)printf("byte %" PRId64, f->offset);
    }
    (void)printf(": %s %s, it %s\n", bw_shape_kind_name(f->kind), f->text, why_text(f));
}

/* ---- the whole
 * ------------------------------------------------------------------------------ */

static void print_seen(const struct bw_seen *s)
{
    if (!s) {
        (void)printf("Looked for: anything shaped like an address. Give --seen to look for "
                     "given ones.\n");
        return;
    }
    (void)printf(
        "Looked for: %zu IPv4, %zu IPv6, %zu MAC addresses and %zu names that were "
        "seen",
        bw_seen_count(s, BW_SHAPE_V4), bw_seen_count(s, BW_SHAPE_V6),
        bw_seen_count(s, BW_SHAPE_MAC), bw_seen_count(s, BW_SHAPE_HOST));
    if (bw_seen_packets(s) != BW_UNKNOWN) {
        (void)printf(" in %" PRId64 " %s", bw_seen_packets(s),
                     bw_plural(bw_seen_packets(s), "packet", "packets"));
    }
    (void)printf(
        ",\nand anything shaped like one. As bare bytes: those that are not mostly "
        "zeros or equal\nbytes (%zu, %zu, %zu).\n",
        bw_seen_plain(s, BW_SHAPE_V4), bw_seen_plain(s, BW_SHAPE_V6),
        bw_seen_plain(s, BW_SHAPE_MAC));
}

static const char *chance_text(enum bw_chance_of of)
{
    static const char *const texts[] = {
        [BW_CHANCE_ALONE] = "4 bytes in files without structure",
        [BW_CHANCE_IN_TABLES] = "4 bytes in data bases and pictures (never a finding)",
        [BW_CHANCE_NUMBER] = "numbers in data bases and records",
        [BW_CHANCE_BESIDE] = "two of 4 bytes within 16",
        [BW_CHANCE_MAC] = "6 bytes",
        [BW_CHANCE_V6] = "16 bytes"};
    return texts[of];
}

static void print_chance(const struct bw_privacy_report *r)
{
    (void)printf(
        "\nBare bytes that equal a seen address, and how many chance alone makes:\n");
    for (size_t i = 0; i < BW_CHANCES; i++) {
        const struct bw_chance *c = &r->chance[i];
        (void)printf("  %-52s %6" PRId64 " in %12" PRId64 " places, by chance %.2g%s\n",
                     chance_text((enum bw_chance_of)i), c->hits, c->places, c->expected,
                     i == BW_CHANCE_IN_TABLES ||
                             bw_chance_is_judged((enum bw_chance_of)i, c)
                         ? ""
                         : ": too many to tell apart, NOT JUDGED");
    }
}

static void print_answer(const struct privacy_view *v)
{
    const struct bw_privacy_report *r = v->report;
    int64_t n = (int64_t)r->n_found + r->found_beyond;
    int64_t unclear = bw_report_not_judged(r);
    (void)printf("\n");
    for (size_t i = 0; i < r->n_troubles; i++) {
        (void)printf("  NOT SEARCHED %s\n", r->troubles[i]);
    }
    for (size_t i = 0; i < r->n_found; i++) {
        print_found(v, &r->found[i]);
    }
    if (r->found_beyond > 0) {
        (void)printf("  … and %" PRId64 " more\n", r->found_beyond);
    }
    if (n > 0) {
        (void)printf("%" PRId64 " %s.\n", n, bw_plural(n, "FINDING", "FINDINGS"));
    } else if (r->n_troubles > 0) {
        (void)printf("No finding in what was searched, but not everything was: run it as "
                     "root or as the daemon's user.\n");
    } else if (unclear == 0) {
        (void)printf("No finding: none of these files holds an address that the "
                     "configuration does not name.\n");
    }
    if (unclear > 0) {
        (void)printf("%" PRId64 " %s of bare bytes NOT JUDGED: chance makes about as many "
                     "with so many addresses;\ngive fewer addresses with --seen.\n",
                     unclear, bw_plural(unclear, "hit", "hits"));
    }
}

void privacy_view_print(const struct privacy_view *v)
{
    const struct bw_privacy_report *r = v->report;
    (void)printf("Configuration: %s\n\nFiles searched:\n", v->config);
    for (size_t i = 0; i < r->n_files; i++) {
        (void)printf("  %12" PRId64 "  %-16s  %s\n", r->files[i].bytes, r->files[i].kind,
                     r->files[i].path);
    }
    (void)printf("%" PRId64 " signed %s decoded, field by field.\n\n", r->records,
                 bw_plural(r->records, "record was", "records were"));
    print_seen(v->seen);
    (void)printf("\nExcepted, because the configuration names them:\n");
    for (size_t i = 0; i < v->excepted->n; i++) {
        const struct bw_excepted_one *e = &v->excepted->list[i];
        (void)printf("  %-30s  %s (%s)\n", e->text, e->what, e->where);
    }
    if (v->excepted->n == 0) {
        (void)printf("  none\n");
    }
    if (r->n_answers > 0) {
        (void)printf(
            "\nNames by which routers and test servers answered the box's own tests "
            "(paths[].hops[].name,\nthroughput[].machine, receipts):\n");
        for (size_t i = 0; i < r->n_answers; i++) {
            (void)printf("  %s\n", r->answers[i]);
        }
        if (r->answers_beyond > 0) {
            (void)printf("  … and more\n");
        }
    }
    (void)printf("\nWhat is collected, every field of a record:\n\n");
    print_fields();
    if (v->seen) {
        print_chance(r);
    }
    print_answer(v);
}

/* ---- JSON
 * ------------------------------------------------------------------------------------- */

static json_t *found_json(const struct privacy_view *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->report->n_found; i++) {
        const struct bw_found *f = &v->report->found[i];
        json_t *o = json_pack("{s:s, s:s}", "why", found_word(f->why), "file",
                              v->report->files[f->file].path);
        if (f->why != BW_FOUND_CORE) {
            (void)json_object_set_new(o, "kind", json_string(bw_shape_kind_name(f->kind)));
            json_t *text = json_stringn(f->text, strnlen(f->text, sizeof(f->text)));
            (void)json_object_set_new(o, "text", text ? text : json_string("(no text)"));
        }
        if (f->offset != BW_UNKNOWN) {
            (void)json_object_set_new(o, "offset", json_integer(f->offset));
        }
        if (f->where[0]) {
            (void)json_object_set_new(o, "where", json_string(f->where));
        }
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *chance_json(const struct bw_privacy_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < BW_CHANCES; i++) {
        const struct bw_chance *c = &r->chance[i];
        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:I, s:I, s:f, s:b}", "of", chance_text((enum bw_chance_of)i),
                      "places", (json_int_t)c->places, "hits", (json_int_t)c->hits,
                      "by_chance", c->expected, "judged",
                      bw_chance_is_judged((enum bw_chance_of)i, c)));
    }
    return list;
}

static json_t *seen_json(const struct bw_seen *s)
{
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I}", "ipv4",
                          (json_int_t)bw_seen_count(s, BW_SHAPE_V4), "ipv6",
                          (json_int_t)bw_seen_count(s, BW_SHAPE_V6), "mac",
                          (json_int_t)bw_seen_count(s, BW_SHAPE_MAC), "names",
                          (json_int_t)bw_seen_count(s, BW_SHAPE_HOST), "left_out",
                          (json_int_t)bw_seen_left_out(s));
    if (bw_seen_packets(s) != BW_UNKNOWN) {
        (void)json_object_set_new(o, "packets", json_integer(bw_seen_packets(s)));
    }
    return o;
}

void privacy_view_json(const struct privacy_view *v)
{
    const struct bw_privacy_report *r = v->report;
    json_t *files = json_array();
    json_t *excepted = json_array();
    json_t *answers = json_array();
    json_t *troubles = json_array();
    for (size_t i = 0; i < r->n_files; i++) {
        (void)json_array_append_new(
            files, json_pack("{s:s, s:s, s:I}", "path", r->files[i].path, "kind",
                             r->files[i].kind, "bytes", (json_int_t)r->files[i].bytes));
    }
    for (size_t i = 0; i < v->excepted->n; i++) {
        const struct bw_excepted_one *e = &v->excepted->list[i];
        (void)json_array_append_new(excepted,
                                    json_pack("{s:s, s:s, s:s}", "text", e->text, "what",
                                              e->what, "where", e->where));
    }
    for (size_t i = 0; i < r->n_answers; i++) {
        (void)json_array_append_new(answers, json_string(r->answers[i]));
    }
    for (size_t i = 0; i < r->n_troubles; i++) {
        (void)json_array_append_new(troubles, json_string(r->troubles[i]));
    }
    json_t *o =
        json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:I, s:o}", "config", v->config,
                  "files", files, "records", (json_int_t)r->records, "excepted", excepted,
                  "answers", answers, "fields", fields_json(), "findings", found_json(v),
                  "findings_beyond", (json_int_t)r->found_beyond, "not_searched", troubles);
    if (v->seen) {
        (void)json_object_set_new(o, "seen", seen_json(v->seen));
        (void)json_object_set_new(o, "bare_bytes", chance_json(r));
    }
    print_json(o);
}
