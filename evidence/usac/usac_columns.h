/* SPDX-License-Identifier: GPL-3.0-or-later
 * usac_columns.h - which of USAC's open data a file is, by its heading, and where its
 * columns are. A column that is not named here is never looked at: those of contact persons
 * are not. */
#ifndef BW_USAC_COLUMNS_H
#define BW_USAC_COLUMNS_H

#include <csvrows.h>
#include <stddef.h>

struct bw_err;

enum bw_usac_set {
    BW_USAC_LINES,      /* hbj5-2bpj: Form 471 FRN line items */
    BW_USAC_STATUS,     /* qdmp-ygft: FRN status */
    BW_USAC_RECIPIENTS, /* avi8-svp9: recipients of service and commitments */
    BW_USAC_ENTITIES,   /* 7i5i-83qf: supplemental entity information */
    BW_USAC_SETS
};

enum bw_usac_column {
    /* lines; the first ones are those by which rows are left out */
    BW_COL_BEN,
    BW_COL_STATE,
    BW_COL_YEAR,
    BW_COL_VERSION,
    BW_COL_FRN,
    BW_COL_LINE,
    BW_COL_ORGANIZATION,
    BW_COL_APPLICATION,
    BW_COL_FUNCTION,
    BW_COL_PRODUCT,
    BW_COL_PURPOSE,
    BW_COL_DOWN,
    BW_COL_DOWN_UNIT,
    BW_COL_UP,
    BW_COL_UP_UNIT,
    BW_COL_BURST,
    BW_COL_BURST_UNIT,
    BW_COL_USED_BY,
    BW_COL_DIRECT,
    BW_COL_SUPPORTS,
    BW_COL_QUANTITY,
    BW_COL_MONTHS,
    BW_COL_UNIT_MONTHLY,
    BW_COL_UNIT_ELIGIBLE,
    BW_COL_UNIT_INELIGIBLE,
    BW_COL_MONTHLY,
    BW_COL_RECURRING,
    BW_COL_PRE_DISCOUNT,
    /* status, recipients */
    BW_COL_STATUS,
    BW_COL_SERVICE,
    BW_COL_CATEGORY,
    BW_COL_SPIN,
    BW_COL_PROVIDER,
    BW_COL_CONTRACT,
    BW_COL_DISCOUNT,
    BW_COL_SERVICE_START,
    BW_COL_CONTRACT_END,
    BW_COL_DELIVERY,
    BW_COL_COMMITMENT,
    BW_COL_RECIPIENT,
    /* entities */
    BW_COL_NUMBER,
    BW_COL_NAME,
    BW_COL_TYPE,
    BW_COL_ENTITY_STATUS,
    BW_COL_PARENT,
    BW_COL_COUNTY,
    BW_COL_STUDENTS,
    BW_COL_NCES_STATE,
    BW_COL_NCES_DISTRICT,
    BW_COL_NCES_BUILDING,
    BW_COL_LOCALE, /* not USAC's: NCES's code, put beside by whoever imports */
    BW_COLS
};

struct bw_usac_heading {
    enum bw_usac_set set;
    int at[BW_COLS]; /* index of the field, -1: the file has none */
};

/* "hbj5-2bpj (FRN line items)" */
const char *bw_usac_set_name(enum bw_usac_set set);

/* -BW_EMALFORMED names the file and the column that is missing, or the two that say the
 * same; or says that the file is none of the four. */
int bw_usac_heading_read(const char *file,
                         const struct bw_csv_field *fields,
                         size_t n,
                         struct bw_usac_heading *ret,
                         struct bw_err *reterr);

#endif
