/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_conf.c - configuration: what is read, what is refused and in which words. */
#include "bw_test.h"

#include "buf.h"
#include "conf.h"
#include "hash.h"

#include <bw/err.h>
#include <bw/opts.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const vantages[] = {"router", "bridge", "lan-side", NULL};
static const char *const behinds[] = {"nat", "filter", "proxy", NULL};

static const struct bw_optspec top_opts[] = {
    {.name = "interval",
     .type = BW_OPT_DURATION,
     .min = 10000,
     .max = 3600000,
     .def = "5min",
     .doc = "Length of an interval."},
    {.name = "budget", .type = BW_OPT_SIZE, .def = "", .doc = "Most bytes a day."},
    {.type = BW_OPT_END},
};
static const struct bw_optspec circuit_opts[] = {
    {.name = "interface", .type = BW_OPT_STRING, .min = 1, .max = 15, .doc = "The port."},
    {.name = "vantage",
     .type = BW_OPT_ENUM,
     .words = vantages,
     .def = "router",
     .doc = "Where the box stands."},
    {.name = "behind",
     .type = BW_OPT_SET,
     .words = behinds,
     .def = "",
     .doc = "What is between."},
    {.name = "claim_down", .type = BW_OPT_RATE, .def = "", .doc = "Claimed rate."},
    {.type = BW_OPT_END},
};
static const struct bw_optspec icmp_opts[] = {
    {.name = "size",
     .type = BW_OPT_INT,
     .min = 0,
     .max = 1400,
     .def = "56",
     .doc = "Bytes."},
    {.name = "ttl", .type = BW_OPT_INT, .min = -1, .max = 255, .def = "64", .doc = "Hops."},
    {.name = "timeout",
     .type = BW_OPT_DURATION,
     .min = 1,
     .max = 10000,
     .def = "2s",
     .doc = "Patience."},
    {.type = BW_OPT_END},
};
static const struct bw_optspec common_opts[] = {
    {.name = "circuit", .type = BW_OPT_STRING, .doc = "The circuit."},
    {.name = "enabled", .type = BW_OPT_BOOL, .def = "yes", .doc = "Run it."},
    {.type = BW_OPT_END},
};
static const struct bw_optspec collector_opts[] = {
    {.name = "url", .type = BW_OPT_STRING, .def = "", .doc = "Where to post."},
    {.name = "token",
     .type = BW_OPT_STRING,
     .def = "",
     .flags = BW_OPT_SECRET,
     .doc = "The secret."},
    {.type = BW_OPT_END},
};
static const struct bw_conf_section subs[] = {
    {.keyword = "circuit", .flags = BW_CONF_TITLED, .opts = circuit_opts, .doc = "A line."},
    {.keyword = "icmp",
     .flags = BW_CONF_TITLED,
     .opts = icmp_opts,
     .more_opts = common_opts,
     .subs = bw_conf_targets,
     .doc = "A probe."},
    {.keyword = "collector", .opts = collector_opts, .doc = "The state."},
    {.keyword = "manners",
     .flags = BW_CONF_ALWAYS,
     .opts = icmp_opts,
     .doc = "There even when left out."},
    {.keyword = NULL},
};
static const struct bw_conf_section schema = {
    .keyword = "", .opts = top_opts, .subs = subs, .doc = "All."};

static const char sample[] =
    "# the box\n"
    "interval = 10s\n"
    "circuit \"wan\" { interface = eth0; vantage = lan-side // where\n"
    "    behind = \"nat, filter\"\n"
    "    claim_down = 1.544M /* a T1:\n"
    "  { */ }\n"
    "icmp \"edges\" {\n"
    "    circuit = wan\n"
    "    timeout = 1500ms\n"
    "    target \"provider-edge\" { address = 192.0.2.1 }\n"
    "    target \"state\" { address = \"2001:db8::1\" }\n"
    "}\n"
    "collector { url = https://state.example/x token = \"a\\\"b\\\\c\" }\n";

static struct bw_conf *parse(const char *text)
{
    struct bw_conf *c = NULL;
    struct bw_err err = {""};
    if (bw_conf_parse(text, strlen(text), "t.conf", &schema, &c, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return c;
}

static void a_whole_file(void **state)
{
    struct bw_conf *c = parse(sample);
    const struct bw_conf_node *top = bw_conf_top(c);
    const struct bw_conf_node *wan = bw_conf_titled(top, "circuit", "wan");
    const struct bw_conf_node *edges = bw_conf_child(top, "icmp", 0);
    const struct bw_conf_node *col = bw_conf_child(top, "collector", 0);
    struct bw_opts *o = NULL;
    struct bw_err err = {""};

    (void)state;
    assert_int_equal(bw_conf_int(top, "interval"), 10000);
    assert_true(bw_conf_is_set(top, "interval"));
    assert_int_equal(bw_conf_int(top, "budget"), BW_UNKNOWN);
    assert_int_equal(bw_conf_count(top, "circuit"), 1);
    assert_string_equal(bw_conf_title(wan), "wan");
    assert_string_equal(bw_conf_str(wan, "interface"), "eth0");
    assert_string_equal(bw_conf_str(wan, "vantage"), "lan-side");
    assert_int_equal(bw_conf_int(wan, "vantage"), 2);
    assert_int_equal(bw_conf_int(wan, "behind"), 3);
    assert_int_equal(bw_conf_int(wan, "claim_down"), 1544000);
    assert_true(bw_conf_bool(edges, "enabled"));
    assert_false(bw_conf_is_set(edges, "enabled"));
    assert_string_equal(bw_conf_str(col, "token"), "a\"b\\c");
    assert_string_equal(bw_conf_str(col, "url"), "https://state.example/x");
    assert_null(bw_conf_child(top, "icmp", 1));
    assert_null(bw_conf_titled(top, "circuit", "lan"));
    /* the line of the value, after comments of several lines */
    assert_int_equal(bw_conf_fault(edges, "timeout", &err, "is odd"), -EINVAL);
    assert_string_equal(err.text, "t.conf:9: is odd");
    (void)bw_conf_fault(edges, "size", &err, "is odd");
    assert_string_equal(err.text, "t.conf:7: is odd");

    const struct bw_opts_head where = {.circuit = "wan", .device = "eth0"};
    assert_int_equal(bw_conf_opts(edges, icmp_opts, &where, &o, &err), 0);
    assert_string_equal(bw_opts_name(o), "edges");
    assert_string_equal(bw_opts_circuit(o), "wan");
    assert_string_equal(bw_opts_device(o), "eth0");
    assert_int_equal(bw_opt_int(o, "timeout"), 1500);
    assert_string_equal(bw_opts_text(o, "timeout"), "1500ms");
    assert_int_equal(bw_opt_int(o, "size"), 56);
    assert_int_equal(bw_opts_n_targets(o), 2);
    assert_string_equal(bw_opts_target(o, 1)->name, "state");
    assert_string_equal(bw_opts_target(o, 1)->address, "2001:db8::1");
    assert_null(bw_opts_target(o, 2));
    bw_opts_free(o);
    bw_conf_free(c);
}

static void a_section_left_out(void **state)
{
    struct bw_conf *c = parse("");
    const struct bw_conf_node *at = bw_conf_child(bw_conf_top(c), "manners", 0);
    struct bw_err err = {""};

    (void)state;
    assert_non_null(at);
    assert_int_equal(bw_conf_int(at, "timeout"), 2000);
    assert_false(bw_conf_is_set(at, "timeout"));
    (void)bw_conf_fault(at, "timeout", &err, "is odd");
    assert_string_equal(err.text, "t.conf: is odd");
    assert_null(bw_conf_child(bw_conf_top(c), "collector", 0));
    bw_conf_free(c);
    c = parse("manners { timeout = 1s }");
    assert_int_equal(bw_conf_count(bw_conf_top(c), "manners"), 1);
    assert_int_equal(bw_conf_int(bw_conf_child(bw_conf_top(c), "manners", 0), "timeout"),
                     1000);
    bw_conf_free(c);
}

static void canonical_text(void **state)
{
    static const char want[] = "interval = 10s\n"
                               "circuit \"wan\" {\n"
                               "    interface = \"eth0\"\n"
                               "    vantage = lan-side\n"
                               "    behind = \"nat,filter\"\n"
                               "    claim_down = 1544k\n"
                               "}\n"
                               "icmp \"edges\" {\n"
                               "    size = 56\n"
                               "    ttl = 64\n"
                               "    timeout = 1500ms\n"
                               "    circuit = \"wan\"\n"
                               "    enabled = yes\n"
                               "    target \"provider-edge\" {\n"
                               "        address = \"192.0.2.1\"\n"
                               "    }\n"
                               "    target \"state\" {\n"
                               "        address = \"2001:db8::1\"\n"
                               "    }\n"
                               "}\n"
                               "collector {\n"
                               "    url = \"https://state.example/x\"\n"
                               "    token = \"(secret)\"\n"
                               "}\n"
                               "manners {\n"
                               "    size = 56\n"
                               "    ttl = 64\n"
                               "    timeout = 2s\n"
                               "}\n";
    struct bw_conf *c = parse(sample);
    struct bw_conf *again;
    struct bw_buf a;
    struct bw_buf b;
    char hash1[BW_HASH_LEN + 1];
    char hash2[BW_HASH_LEN + 1];

    (void)state;
    bw_buf_init(&a, 100000);
    bw_buf_init(&b, 100000);
    assert_int_equal(bw_conf_print(c, &a), 0);
    assert_string_equal(a.data, want);
    again = parse(a.data);
    assert_int_equal(bw_conf_print(again, &b), 0);
    assert_string_equal(b.data, want);
    assert_int_equal(bw_conf_sha256(c, hash1), 0);
    assert_int_equal(bw_conf_sha256(again, hash2), 0);
    assert_string_equal(hash1, hash2);
    bw_conf_free(again);
    bw_conf_free(c);
    /* what only single quotes can say stays in them */
    c = parse("collector { url = '${x}\"' }");
    bw_buf_clear(&a);
    assert_int_equal(bw_conf_print(c, &a), 0);
    assert_non_null(strstr(a.data, "    url = '${x}\"'\n"));
    bw_conf_free(c);
    bw_buf_done(&a);
    bw_buf_done(&b);
}

static void refusals(void **state)
{
#define C "circuit \"wan\" { interface = eth0 "
    static const struct {
        const char *text;
        const char *says;
    } bad[] = {
        /* libconfuse alone accepts, cuts or expands every one of the first group */
        {"interval = 10s\n" C "\n", "t.conf:2: the section opened here is never closed"},
        {"interval = 10s\ninterval = 20s\n",
         "t.conf:2: option 'interval' is given twice; the first is in line 1"},
        {"collector { url = a }\ncollector { token = b }\n",
         "t.conf:2: section 'collector' is given twice; the first is in line 1"},
        {"icmp \"e\" { circuit = wan\nsize = 010\n target \"t\" { address = x } }",
         "t.conf:2: 'size' is '010': write it without the leading 0"},
        {"icmp \"e\" { circuit = wan size = 0x10 target \"t\" { address = x } }",
         "must be a whole decimal number"},
        {"interval = 300\n", "t.conf:1: 'interval' is '300': a duration needs its unit"},
        {"collector { url = ${HOME} }", "'$' must stand in quotes"},
        {"collector { url = \"${HOME}\" }", "environment variables are not read"},
        {"collector { url = \"a\\x41\" }", "backslash"},
        {"collector { url = 'a\\'b' }", "backslash"},
        {"collector { url = \"a\nb\" }", "t.conf:1: this line has an open quote"},
        {"collector|url = x\n", "'|' must stand in quotes"},
        {"collector { url = http://x/#top }", "put the value into quotes"},
        /* names */
        {"# one\n\nintreval = 10s\n",
         "t.conf:3: unknown option 'intreval'; did you mean 'interval'?"},
        {C "vantag = router }", "unknown option 'vantag' in section circuit; did you mean "
                                "'vantage'?"},
        {"xyzzy = 1\n",
         "unknown option 'xyzzy'; valid here: interval, budget, circuit, icmp"},
        {"icpm \"e\" { }", "did you mean 'icmp'?"},
        {C "}\n" C "}\n", "t.conf:2: found duplicate title 'wan'"},
        {"circuit { interface = eth0 }", "missing title"},
        {"circuit \"../x\" { interface = eth0 }", "a name has 1 to 63 letters"},
        {"circuit \"\" { interface = eth0 }", "a name has 1 to 63 letters"},
        /* values */
        {"interval = 5m\n", "unknown unit 'm'"},
        {"interval = 5s\n", "must be from 10s to 1h"},
        {"interval = 99999999999999999999d\n", "must be from 10s to 1h"},
        {"interval = -5s\n", "must be a duration"},
        {"interval = 010s\n", "write it without the leading 0"},
        {"interval = 10.0001s\n", "more digits than its unit"},
        {"interval = \"\"\n", "must be a duration"},
        {"budget = 4GiB\n", "unknown unit 'GiB'"},
        {"budget = 99999999999TB\n", "is too large"},
        {C "claim_down = 100m }", "unknown unit 'm'"},
        {C "claim_down = 100 }", "a rate needs its unit"},
        {C "vantage = routr }",
         "must be router, bridge or lan-side; did you mean 'router'?"},
        {C "behind = \"nat,nat\" }", "names a word twice"},
        {C "behind = nat,filter }", "several words are one text in quotes"},
        {"circuit \"w\" { interface = abcdefghijklmnop }",
         "has 16 bytes: must have 1 to 15"},
        {"icmp \"e\" { circuit = wan enabled = true target \"t\" { address = x } }",
         "must be yes or no"},
        {"icmp \"e\" { circuit = wan ttl = -2 target \"t\" { address = x } }",
         "must be from -1 to 255"},
        /* what is missing */
        {"interval = 10s\n\ncircuit \"wan\" { }\n",
         "t.conf:3: circuit \"wan\" lacks the option 'interface'"},
        {"icmp \"e\" { circuit = wan }", "t.conf:1: icmp \"e\" lacks a section 'target'"},
        {"interval =", "premature end of file"},
        {"}", "t.conf:1: this closing brace has no opening one"},
        {"/* x", "t.conf:1: this comment has no end"},
        {"a { b { c { d { e { f { g { h { i {", "end at 8 levels"},
        {"include(\"x.conf\")", "include works in files only"},
        {"interval = {10s}", "unexpected token"},
        {"collector { url = \"\xff\" }", "not in UTF-8"},
        {"collector { url = \"\x01\" }", "control character"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bw_conf *c = NULL;
        struct bw_err err = {""};
        int r =
            bw_conf_parse(bad[i].text, strlen(bad[i].text), "t.conf", &schema, &c, &err);
        if (r != -EINVAL || c != NULL || !strstr(err.text, bad[i].says)) {
            fail_msg("%s\n  gives %d, says '%s'\n  not '%s'", bad[i].text, r, err.text,
                     bad[i].says);
        }
    }
#undef C
}

static void secrets_stay_out_of_sentences(void **state)
{
    static const struct bw_optspec spec = {.name = "pin",
                                           .type = BW_OPT_INT,
                                           .min = 1,
                                           .max = 9999,
                                           .def = "",
                                           .flags = BW_OPT_SECRET};
    static const char *const texts[] = {"12345", "07777", "hunter", "-3"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct bw_err err = {""};
        int64_t v;
        assert_int_equal(bw_optspec_parse(&spec, texts[i], &v, &err), -EINVAL);
        assert_null(strstr(err.text, texts[i]));
        assert_non_null(strstr(err.text, "(secret)"));
    }
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void includes(void **state)
{
    char folder[] = "/tmp/bw_test_conf.XXXXXX";
    char a[64];
    char b[64];
    struct bw_conf *c = NULL;
    struct bw_err err = {""};

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(a, sizeof(a), "%s/a.conf", folder);
    (void)snprintf(b, sizeof(b), "%s/b.conf", folder);
    write_file(a, "interval = 10s\ninclude(\"b.conf\")\ncircuit \"a\" { interface = x }\n");
    write_file(b, "budget = 1GB\ncircuit \"b\" { interface = y }\n");
    assert_int_equal(bw_conf_read(a, &schema, &c, &err), 0);
    assert_int_equal(bw_conf_int(bw_conf_top(c), "budget"), 1000000000);
    assert_int_equal(bw_conf_count(bw_conf_top(c), "circuit"), 2);
    (void)bw_conf_fault(bw_conf_titled(bw_conf_top(c), "circuit", "b"), "interface", &err,
                        "x");
    assert_non_null(strstr(err.text, "/b.conf:2: x"));
    bw_conf_free(c);
    c = NULL;

    write_file(b, "\ninterval = 20s\n");
    assert_int_equal(bw_conf_read(a, &schema, &c, &err), -EINVAL);
    assert_non_null(strstr(err.text,
                           "/b.conf:2: option 'interval' is given twice; the first "
                           "is in "));
    write_file(b, "include(\"b.conf\")");
    assert_int_equal(bw_conf_read(a, &schema, &c, &err), -EINVAL);
    assert_non_null(strstr(err.text, "included twice"));
    assert_int_equal(unlink(b), 0);
    assert_int_equal(bw_conf_read(a, &schema, &c, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/a.conf:2: "));
    assert_non_null(strstr(err.text, "/b.conf: cannot read"));
    assert_null(c);
    assert_int_equal(unlink(a), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void pairs(void **state)
{
    static const struct bw_opts_head head = {.name = "now"};
    static const char *const good[] = {"timeout=500ms", "size=0"};
    static const struct {
        const char *pair;
        const char *says;
    } bad[] = {
        {"timout=1s", "unknown option 'timout'; did you mean 'timeout'?"},
        {"timeout", "an option is written name=value"},
        {"timeout=1", "a duration needs its unit"},
        {"size=1401", "must be from 0 to 1400"},
    };
    static const char *const twice[] = {"size=1", "size=1"};
    struct bw_opts *o = NULL;
    struct bw_err err = {""};

    (void)state;
    assert_int_equal(bw_opts_from_pairs(icmp_opts, &head, good, 2, &o, &err), 0);
    assert_int_equal(bw_opt_int(o, "timeout"), 500);
    assert_int_equal(bw_opt_int(o, "size"), 0);
    assert_int_equal(bw_opt_int(o, "ttl"), 64);
    assert_string_equal(bw_opts_device(o), "");
    assert_ptr_equal(bw_opts_spec(o), icmp_opts);
    bw_opts_free(o);
    o = NULL;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bw_opts_from_pairs(icmp_opts, &head, &bad[i].pair, 1, &o, &err),
                         -EINVAL);
        assert_non_null(strstr(err.text, bad[i].says));
    }
    assert_int_equal(bw_opts_from_pairs(icmp_opts, &head, twice, 2, &o, &err), -EINVAL);
    assert_non_null(strstr(err.text, "given twice"));
    assert_int_equal(bw_opts_from_pairs(common_opts, &head, NULL, 0, &o, &err), -EINVAL);
    assert_non_null(strstr(err.text, "'circuit' is missing"));
    assert_null(o);
}

static void format_reads_back(void **state)
{
    static const int64_t values[] = {0,       1,       999,        1000,         60000,
                                     61000,   3600000, 86400000,   1000000000,   1544000,
                                     1000001, 300000,  4000000000, INT64_MAX - 1};
    static const enum bw_opttype numbers[] = {BW_OPT_INT, BW_OPT_DURATION, BW_OPT_RATE,
                                              BW_OPT_SIZE};

    (void)state;
    for (size_t t = 0; t < 4; t++) {
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
            struct bw_optspec spec = {.name = "x", .type = numbers[t], .def = ""};
            struct bw_buf b;
            int64_t v = -1;
            bw_buf_init(&b, 100);
            bw_optspec_format(&spec, values[i], &b);
            assert_int_equal(bw_optspec_parse(&spec, b.data, &v, NULL), 0);
            assert_int_equal(v, values[i]);
            bw_buf_done(&b);
        }
    }
}

static void nearest(void **state)
{
    static const char *const words[] = {"address", "interval", "url", "of", NULL};

    (void)state;
    assert_string_equal(bw_conf_nearest("adress", words), "address");
    assert_string_equal(bw_conf_nearest("intreval", words), "interval");
    assert_string_equal(bw_conf_nearest("ulr", words), "url");
    assert_null(bw_conf_nearest("zzz", words));
    assert_null(bw_conf_nearest("", words));
    assert_null(
        bw_conf_nearest("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
                        "mnopqrstuvwxyz",
                        words));
}

static void manual(void **state)
{
    struct bw_buf b;

    (void)state;
    bw_buf_init(&b, 10000);
    bw_conf_man(&schema, &b);
    assert_int_equal(bw_buf_error(&b), 0);
    assert_non_null(strstr(b.data,
                           "*interval* = _duration_\n\tLength of an interval. From 10s "
                           "to 1h. Default: 5min.\n"));
    assert_non_null(strstr(b.data, "# circuit NAME { … }\n"));
    assert_non_null(strstr(b.data, "*interface* = _text_\n\tThe port. Required.\n"));
    assert_non_null(strstr(b.data, "*claim\\_down* = _rate_\n\tClaimed rate. Not set by "
                                   "default.\n"));
    bw_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file),
        cmocka_unit_test(a_section_left_out),
        cmocka_unit_test(canonical_text),
        cmocka_unit_test(refusals),
        cmocka_unit_test(secrets_stay_out_of_sentences),
        cmocka_unit_test(includes),
        cmocka_unit_test(pairs),
        cmocka_unit_test(format_reads_back),
        cmocka_unit_test(nearest),
        cmocka_unit_test(manual),
    };
    if (bw_crypto_init() != 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
