/* SPDX-License-Identifier: GPL-3.0-or-later
 * epc.h - the questions of the EPC portal that a sheet answers: texts as data, since the
 * portal changes them and no program should have to be built anew for that. */
#ifndef BW_EVIDENCE_EPC_H
#define BW_EVIDENCE_EPC_H

#include <stddef.h>

struct bw_err;

enum {
    BW_EPC_MAX = 32, /* questions of a sheet */
    BW_EPC_QUESTION_MAX = 239
};

enum bw_epc_answer {
    BW_EPC_DOWNLOAD, /* claimed, in Mbps */
    BW_EPC_UPLOAD,
    BW_EPC_UNIT,       /* of these */
    BW_EPC_STUDENTS,   /* of the line */
    BW_EPC_PROVIDER,   /* as filed */
    BW_EPC_AGGREGATED, /* what only the district can say */
    BW_EPC_ANSWERS
};

struct bw_epc {
    struct {
        char text[BW_EPC_QUESTION_MAX + 1];
        enum bw_epc_answer answer;
    } questions[BW_EPC_MAX];
    size_t n;
};

/* A CSV file of two columns, question and answer (docs/packs.md); path NULL: the sheet that
 * comes with the program. -EINVAL and others, with file:line. */
int bw_epc_read(const char *path, struct bw_epc *ret, struct bw_err *reterr);

/* "download"; the word that stands in the file and in figures. */
const char *bw_epc_word(enum bw_epc_answer answer);

#endif
