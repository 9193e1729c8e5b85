/* SPDX-License-Identifier: GPL-3.0-or-later
 * finish.c - what cairo 1.16 does not write, by libqpdf: language, the title in the window,
 * Alt of charts, scopes and spans of tables' cells, artifacts.
 *
 * Invariant: elements of the structure come in the order in which tags were begun, so each
 * is met with its note; where type and note differ nothing is guessed and the file is
 * refused. */
#include "content.h"
#include "paper.h"

#include <buf.h>
#include <bw/err.h>
#include <errno.h>
#include <qpdf/qpdf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 40
};

struct finish {
    qpdf_data q;
    const struct paper *p;
    size_t next; /* note */
    int error;
};

static void put_name(struct finish *f, qpdf_oh in, const char *key, const char *name)
{
    qpdf_oh v = qpdf_oh_new_name(f->q, name);

    qpdf_oh_replace_key(f->q, in, key, v);
    qpdf_oh_release(f->q, v);
}

static void put_text(struct finish *f, qpdf_oh in, const char *key, const char *text)
{
    qpdf_oh v = qpdf_oh_new_unicode_string(f->q, text);

    qpdf_oh_replace_key(f->q, in, key, v);
    qpdf_oh_release(f->q, v);
}

static bool is_private(struct finish *f, qpdf_oh element)
{
    qpdf_oh type = qpdf_oh_get_key(f->q, element, "/S");
    bool is = qpdf_oh_is_name_and_equals(f->q, type, "/Private");

    qpdf_oh_release(f->q, type);
    return is;
}

/* The attributes of a cell (ISO 32000-1, 14.8.5.7). */
static void cell_attributes(struct finish *f, qpdf_oh element, const struct paper_note *n)
{
    qpdf_oh a;

    if (!n->scope && n->rowspan <= 1) {
        return;
    }
    a = qpdf_oh_new_dictionary(f->q);
    put_name(f, a, "/O", "/Table");
    if (n->scope) {
        put_name(f, a, "/Scope", n->scope);
    }
    if (n->rowspan > 1) {
        qpdf_oh v = qpdf_oh_new_integer(f->q, (long long)n->rowspan);
        qpdf_oh_replace_key(f->q, a, "/RowSpan", v);
        qpdf_oh_release(f->q, v);
    }
    qpdf_oh_replace_key(f->q, element, "/A", a);
    qpdf_oh_release(f->q, a);
}

static void element(struct finish *f, qpdf_oh e, int depth);

/* A link's annotation stands among the children of its element; it gets the words. */
static bool is_annotation(struct finish *f, qpdf_oh child, const char *words)
{
    qpdf_oh type = qpdf_oh_get_key(f->q, child, "/Type");
    bool is = qpdf_oh_is_name_and_equals(f->q, type, "/OBJR");

    qpdf_oh_release(f->q, type);
    if (is && words) {
        qpdf_oh annotation = qpdf_oh_get_key(f->q, child, "/Obj");
        put_text(f, annotation, "/Contents", words);
        qpdf_oh_release(f->q, annotation);
    }
    return is;
}

/* What an element holds: one child or marks and children in an array. Artifacts go. */
static void kids(struct finish *f, qpdf_oh of, const char *words, int depth)
{
    qpdf_oh k = qpdf_oh_get_key(f->q, of, "/K");

    if (qpdf_oh_is_dictionary(f->q, k) && !is_annotation(f, k, words)) {
        bool gone = is_private(f, k);
        element(f, k, depth + 1);
        if (gone) {
            qpdf_oh_remove_key(f->q, of, "/K");
        }
    } else if (qpdf_oh_is_array(f->q, k)) {
        for (int i = 0; i < qpdf_oh_get_array_n_items(f->q, k) && !f->error;) {
            qpdf_oh e = qpdf_oh_get_array_item(f->q, k, i);
            bool gone = false;
            if (qpdf_oh_is_dictionary(f->q, e) && !is_annotation(f, e, words)) {
                gone = is_private(f, e);
                element(f, e, depth + 1);
            }
            qpdf_oh_release(f->q, e);
            if (gone) {
                qpdf_oh_erase_item(f->q, k, i);
            } else {
                i++;
            }
        }
    }
    qpdf_oh_release(f->q, k);
}

static void element(struct finish *f, qpdf_oh e, int depth)
{
    const struct paper_note *n;
    char type[32];
    qpdf_oh s;

    if (f->error || depth > DEPTH_MAX || f->next >= f->p->n_notes) {
        f->error = f->error ? f->error : -EIO;
        return;
    }
    n = &f->p->notes[f->next++];
    (void)snprintf(type, sizeof(type), "/%s", n->type);
    s = qpdf_oh_get_key(f->q, e, "/S");
    if (!qpdf_oh_is_name_and_equals(f->q, s, type)) {
        f->error = -EIO;
    }
    qpdf_oh_release(f->q, s);
    if (n->alt && strcmp(n->type, "Link") != 0) {
        put_text(f, e, "/Alt", n->alt);
    }
    cell_attributes(f, e, n);
    kids(f, e, n->alt, depth);
}

/* The parents of marks: those of artifacts have none. */
static void parents(struct finish *f, qpdf_oh tree)
{
    qpdf_oh nums = qpdf_oh_get_key(f->q, tree, "/Nums");
    qpdf_oh none = qpdf_oh_new_null(f->q);

    for (int i = 1; i < qpdf_oh_get_array_n_items(f->q, nums); i += 2) {
        qpdf_oh marks = qpdf_oh_get_array_item(f->q, nums, i);
        for (int k = 0;
             qpdf_oh_is_array(f->q, marks) && k < qpdf_oh_get_array_n_items(f->q, marks);
             k++) {
            qpdf_oh e = qpdf_oh_get_array_item(f->q, marks, k);
            if (qpdf_oh_is_dictionary(f->q, e) && is_private(f, e)) {
                qpdf_oh_set_array_item(f->q, marks, k, none);
            }
            qpdf_oh_release(f->q, e);
        }
        qpdf_oh_release(f->q, marks);
    }
    qpdf_oh_release(f->q, none);
    qpdf_oh_release(f->q, nums);
}

static void page_content(struct finish *f, qpdf_oh page)
{
    qpdf_oh content = qpdf_oh_get_key(f->q, page, "/Contents");
    qpdf_oh none = qpdf_oh_new_null(f->q);
    unsigned char *data = NULL;
    QPDF_BOOL filtered = QPDF_FALSE;
    size_t n = 0;
    struct bw_buf out;

    bw_buf_init(&out, BW_PDF_BYTES_MAX);
    if (qpdf_oh_get_stream_data(f->q, content, qpdf_dl_generalized, &filtered, &data, &n) &
        QPDF_ERRORS) {
        f->error = -EIO;
    } else {
        f->error = bw_pdf_artifacts((const char *)data, n, &out);
    }
    if (!f->error && out.data) {
        qpdf_oh_replace_stream_data(f->q, content, (const unsigned char *)out.data, out.len,
                                    none, none);
    }
    free(data);
    bw_buf_done(&out);
    qpdf_oh_release(f->q, none);
    qpdf_oh_release(f->q, content);
}

static void catalog(struct finish *f, const struct bw_doc_head *head)
{
    qpdf_oh root = qpdf_get_root(f->q);
    qpdf_oh view = qpdf_oh_new_dictionary(f->q);
    qpdf_oh yes = qpdf_oh_new_bool(f->q, QPDF_TRUE);
    qpdf_oh tree = qpdf_oh_get_key(f->q, root, "/StructTreeRoot");

    put_text(f, root, "/Lang", head->lang);
    qpdf_oh_replace_key(f->q, view, "/DisplayDocTitle", yes);
    qpdf_oh_replace_key(f->q, root, "/ViewerPreferences", view);
    if (!qpdf_oh_is_dictionary(f->q, tree)) {
        f->error = -EIO;
    } else {
        qpdf_oh parent = qpdf_oh_get_key(f->q, tree, "/ParentTree");
        parents(f, parent); /* while artifacts can still be told */
        qpdf_oh_release(f->q, parent);
        kids(f, tree, NULL, 0);
        if (!f->error && f->next != f->p->n_notes) {
            f->error = -EIO;
        }
    }
    qpdf_oh_release(f->q, tree);
    qpdf_oh_release(f->q, yes);
    qpdf_oh_release(f->q, view);
    qpdf_oh_release(f->q, root);
}

static int written(struct finish *f, struct bw_buf *out)
{
    if (qpdf_init_write_memory(f->q) & QPDF_ERRORS) {
        return -EIO;
    }
    qpdf_set_object_stream_mode(f->q, qpdf_o_generate);
    qpdf_set_stream_data_mode(f->q, qpdf_s_compress);
    qpdf_set_deterministic_ID(f->q, QPDF_TRUE);
    if (qpdf_write(f->q) & QPDF_ERRORS) {
        return -EIO;
    }
    bw_buf_add(out, qpdf_get_buffer(f->q), qpdf_get_buffer_length(f->q));
    return bw_buf_error(out);
}

int paper_finish(const struct paper *p,
                 const struct bw_doc_head *head,
                 const void *pdf,
                 size_t n,
                 struct bw_buf *out,
                 struct bw_err *reterr)
{
    struct finish f = {.q = qpdf_init(), .p = p};
    int r = f.q ? 0 : -ENOMEM;

    if (r < 0) {
        return r;
    }
    qpdf_set_suppress_warnings(f.q, QPDF_TRUE);
    qpdf_silence_errors(f.q);
    if (qpdf_read_memory(f.q, "report", pdf, n, NULL) & QPDF_ERRORS) {
        f.error = -EIO;
    } else {
        catalog(&f, head);
        for (int i = 0; !f.error && i < qpdf_get_num_pages(f.q); i++) {
            qpdf_oh page = qpdf_get_page_n(f.q, (size_t)i);
            put_name(&f, page, "/Tabs", "/S");
            page_content(&f, page);
            qpdf_oh_release(f.q, page);
        }
    }
    r = f.error ? f.error : written(&f, out);
    if (r < 0) {
        r = bw_err_set(
            reterr, r, "the PDF's structure could not be completed%s%s",
            qpdf_has_error(f.q) ? ": " : "",
            qpdf_has_error(f.q) ? qpdf_get_error_full_text(f.q, qpdf_get_error(f.q)) : "");
    }
    qpdf_cleanup(&f.q);
    return r;
}
