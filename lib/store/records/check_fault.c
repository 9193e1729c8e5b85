/* SPDX-License-Identifier: GPL-3.0-or-later
 * check_fault.c - the names of what can be wrong, for machines. */
#include "check.h"

static const char *const fault_names[] = {
    [BW_FAULT_NONE] = "none",
    [BW_FAULT_LINE] = "not-a-record",
    [BW_FAULT_KEY] = "unknown-key",
    [BW_FAULT_SIGNATURE] = "wrong-signature",
    [BW_FAULT_PAYLOAD] = "not-a-summary",
    [BW_FAULT_NEWER] = "newer-version",
    [BW_FAULT_SITE] = "two-sites",
    [BW_FAULT_BEGIN] = "begins-later",
    [BW_FAULT_HOLE] = "hole",
    [BW_FAULT_ORDER] = "out-of-order",
    [BW_FAULT_DUPLICATE] = "duplicate",
    [BW_FAULT_FORK] = "fork",
    [BW_FAULT_PREV] = "wrong-prev",
    [BW_FAULT_CHAIN] = "wrong-chain",
    [BW_FAULT_OVERLAP] = "overlap",
    [BW_FAULT_SECRET] = "wrong-secret",
    [BW_FAULT_COMMIT] = "second-commitment",
    [BW_FAULT_RECEIPT_MALFORMED] = "receipt-malformed",
    [BW_FAULT_RECEIPT_SIGNATURE] = "receipt-signature",
    [BW_FAULT_RECEIPT_KEY] = "receipt-key",
    [BW_FAULT_RECEIPT_RUN] = "receipt-run",
    [BW_FAULT_RECEIPT_WINDOW] = "receipt-window",
    [BW_FAULT_RECEIPT_BYTES] = "receipt-bytes",
    [BW_FAULT_RECEIPT_AGAIN] = "receipt-again",
};

const char *bw_fault_name(enum bw_fault f)
{
    size_t n = sizeof(fault_names) / sizeof(fault_names[0]);
    return (size_t)f < n ? fault_names[f] : "unknown";
}
