/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_note.c - any bytes as a signed note, a checkpoint, a key in words and what a witness
 * is sent: what is taken stays within its bytes and is written again to the same. */
#include <buf.h>
#include <checkpoint.h>
#include <note.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(const char *part, size_t n, const char *text, size_t size)
{
    if (part < text || part + n > text + size) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct bw_note note;
    struct bw_checkpoint c;
    struct bw_add_checkpoint a;
    struct bw_note_key k;
    struct bw_buf again;
    bw_buf_init(&again, 4 * BW_NOTE_MAX);
    if (bw_note_parse(text, size, &note, NULL) == 0) {
        within(note.text, note.text_len, text, size);
        for (size_t i = 0; i < note.n; i++) {
            within(note.signature[i].line, note.signature[i].line_len, text, size);
            within(note.signature[i].name, note.signature[i].name_len, text, size);
        }
        (void)bw_checkpoint_read(note.text, note.text_len, &c, NULL);
    }
    if (bw_checkpoint_read(text, size, &c, NULL) == 0) {
        bw_checkpoint_write(&c, &again);
        if (again.len > size || memcmp(again.data, text, again.len) != 0) {
            abort();
        }
        bw_buf_clear(&again);
    }
    if (size <= BW_NOTE_MAX && bw_add_checkpoint_read(text, size, &a, NULL) == 0) {
        bw_add_checkpoint_write(&a, &again);
        if (again.len != size || memcmp(again.data, text, size) != 0) {
            abort();
        }
    }
    bw_buf_done(&again);
    char *line = malloc(size + 1);
    if (line) {
        memcpy(line, data, size);
        line[size] = '\0';
        char words[BW_NOTE_KEY_TEXT_MAX];
        if (bw_note_key_parse(line, &k, NULL) == 0) {
            bw_note_key_text(&k, words);
            if (strcmp(words, line) != 0) {
                abort();
            }
        }
        free(line);
    }
    return 0;
}
