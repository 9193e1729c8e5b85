/* SPDX-License-Identifier: GPL-3.0-or-later
 * usac_columns.c - the spellings of each column, in letters and digits alone: so "Funding
 * Request Number", funding_request_number and fundingRequestNumber are one.
 *
 * Invariant: a column is found by a spelling that stands here, never by likeness; two
 * columns for one thing are refused, for nobody can know which one counts. */
#include "usac_columns.h"

#include <bw/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    SPELLINGS = 5,
    NAME_MAX_BYTES = 96
};

static const char *const set_names[BW_USAC_SETS] = {
    [BW_USAC_LINES] = "hbj5-2bpj (FRN line items)",
    [BW_USAC_STATUS] = "qdmp-ygft (FRN status)",
    [BW_USAC_RECIPIENTS] = "avi8-svp9 (recipients and commitments)",
    [BW_USAC_ENTITIES] = "7i5i-83qf (entity information)",
};

#define IN(set) (1U << (set))
#define LINES IN(BW_USAC_LINES)
#define STATUS IN(BW_USAC_STATUS)
#define RECIPIENTS IN(BW_USAC_RECIPIENTS)
#define ENTITIES IN(BW_USAC_ENTITIES)

static const struct column {
    const char *shown;  /* as the open data has it today */
    unsigned needed_in; /* sets without which the file is refused */
    unsigned read_in;
    const char *spelling[SPELLINGS];
} columns[BW_COLS] = {
    [BW_COL_BEN] = {"ben",
                    LINES | RECIPIENTS,
                    LINES | RECIPIENTS,
                    {"ben", "billedentitynumber", "billedentitynumberben"}},
    [BW_COL_STATE] = {"state",
                      LINES | ENTITIES,
                      LINES | ENTITIES,
                      {"state", "orgstate", "physicalstate", "billedentitystate"}},
    [BW_COL_YEAR] = {"funding_year", LINES, LINES | RECIPIENTS, {"fundingyear"}},
    [BW_COL_VERSION] = {"form_version",
                        LINES,
                        LINES | STATUS | RECIPIENTS,
                        {"formversion"}},
    [BW_COL_FRN] = {"funding_request_number",
                    LINES | STATUS | RECIPIENTS,
                    LINES | STATUS | RECIPIENTS,
                    {"fundingrequestnumber", "frn", "frnnumber",
                     "fundingrequestnumberfrn"}},
    [BW_COL_LINE] = {"form_471_line_item_number",
                     LINES,
                     LINES | RECIPIENTS,
                     {"form471lineitemnumber", "lineitemnumber", "lineitem",
                      "frnlineitemnumber", "frnlineitem"}},
    [BW_COL_ORGANIZATION] = {"organization_name",
                             0,
                             LINES,
                             {"organizationname", "billedentityname", "applicantname"}},
    [BW_COL_APPLICATION] = {"application_number",
                            LINES,
                            LINES,
                            {"applicationnumber", "form471applicationnumber"}},
    [BW_COL_FUNCTION] = {"form_471_function_name",
                         LINES,
                         LINES,
                         {"form471functionname", "functionname", "function"}},
    [BW_COL_PRODUCT] = {"form_471_product_name",
                        LINES,
                        LINES,
                        {"form471productname", "productname", "typeofproduct", "product"}},
    [BW_COL_PURPOSE] = {"form_471_purpose_name",
                        LINES,
                        LINES,
                        {"form471purposename", "purposename", "purpose"}},
    [BW_COL_DOWN] = {"download_speed", LINES, LINES, {"downloadspeed"}},
    [BW_COL_DOWN_UNIT] = {"form_471_download_speed_unit_name",
                          0,
                          LINES,
                          {"form471downloadspeedunitname", "downloadspeedunitname",
                           "downloadspeedunits", "downloadspeedunit"}},
    [BW_COL_UP] = {"upload_speed", LINES, LINES, {"uploadspeed"}},
    [BW_COL_UP_UNIT] = {"form_471_upload_speed_unit_name",
                        0,
                        LINES,
                        {"form471uploadspeedunitname", "uploadspeedunitname",
                         "uploadspeedunits", "uploadspeedunit"}},
    [BW_COL_BURST] = {"burstable_speed", 0, LINES, {"burstablespeed", "burstspeed"}},
    [BW_COL_BURST_UNIT] = {"burstable_speed_units",
                           0,
                           LINES,
                           {"form471burstablespeedunitname", "burstablespeedunitname",
                            "burstablespeedunits", "burstablespeedunit"}},
    [BW_COL_USED_BY] = {"connection_used_by", 0, LINES, {"connectionusedby"}},
    [BW_COL_DIRECT] = {"connection_directly_school",
                       0,
                       LINES,
                       {"connectiondirectlyschool",
                        "connecteddirectlytoschoollibraryornif"}},
    [BW_COL_SUPPORTS] = {"connection_supports_service",
                         0,
                         LINES,
                         {"connectionsupportsservice",
                          "connectionsupportsschoollibraryornif"}},
    [BW_COL_QUANTITY] = {"monthly_quantity", LINES, LINES, {"monthlyquantity"}},
    [BW_COL_MONTHS] = {"months_of_service", LINES, LINES, {"monthsofservice"}},
    [BW_COL_UNIT_MONTHLY] = {"total_monthly_cost",
                             LINES,
                             LINES,
                             {"totalmonthlycost", "monthlyrecurringunitcosts",
                              "monthlyrecurringunitcost"}},
    [BW_COL_UNIT_ELIGIBLE] = {"monthly_recurring_unit_eligible_costs",
                              0,
                              LINES,
                              {"monthlyrecurringuniteligiblecosts",
                               "monthlyrecurringuniteligiblecost"}},
    [BW_COL_UNIT_INELIGIBLE] = {"monthly_recur_ineligible_cost",
                                0,
                                LINES,
                                {"monthlyrecurineligiblecost",
                                 "monthlyrecurringunitineligiblecosts",
                                 "monthlyrecurringunitineligiblecost"}},
    [BW_COL_MONTHLY] = {"total_monthly_eligible_recurring_costs",
                        0,
                        LINES,
                        {"totalmonthlyeligiblerecurringcosts",
                         "totalmonthlyeligiblerecurringcost"}},
    [BW_COL_RECURRING] = {"total_eligible_recurring_costs",
                          0,
                          LINES,
                          {"totaleligiblerecurringcosts", "totaleligiblerecurringcost"}},
    [BW_COL_PRE_DISCOUNT] = {"pre_discount_extended_eligible_line_item_costs",
                             0,
                             LINES,
                             {"prediscountextendedeligiblelineitemcosts",
                              "prediscountextendedeligiblelineitemcost"}},
    [BW_COL_STATUS] = {"form_471_frn_status_name",
                       STATUS,
                       STATUS,
                       {"form471frnstatusname", "frnstatusname", "frnstatus"}},
    [BW_COL_SERVICE] = {"form_471_service_type_name",
                        STATUS,
                        STATUS,
                        {"form471servicetypename", "servicetypename", "servicetype"}},
    [BW_COL_CATEGORY] = {"chosen_category_of_service",
                         RECIPIENTS,
                         RECIPIENTS,
                         {"chosencategoryofservice", "categoryofservice"}},
    [BW_COL_SPIN] = {"spin_number",
                     0,
                     STATUS | RECIPIENTS,
                     {"spinnumber", "spin", "serviceprovidernumber", "form498id"}},
    [BW_COL_PROVIDER] = {"spin_name",
                         STATUS,
                         STATUS | RECIPIENTS,
                         {"spinname", "serviceprovidername"}},
    [BW_COL_CONTRACT] = {"contract_number", 0, STATUS, {"contractnumber"}},
    [BW_COL_DISCOUNT] = {"dis_pct",
                         STATUS,
                         STATUS,
                         {"dispct", "discountpct", "discountpercentage"}},
    [BW_COL_SERVICE_START] = {"service_start_date", 0, STATUS, {"servicestartdate"}},
    [BW_COL_CONTRACT_END] = {"contract_expiration_date",
                             0,
                             STATUS,
                             {"contractexpirationdate", "contractexpirydate"}},
    [BW_COL_DELIVERY] = {"service_delivery_deadline",
                         0,
                         STATUS,
                         {"servicedeliverydeadline"}},
    [BW_COL_COMMITMENT] = {"fcdl_letter_date", 0, STATUS, {"fcdlletterdate"}},
    [BW_COL_RECIPIENT] = {"ros_entity_number",
                          RECIPIENTS,
                          RECIPIENTS,
                          {"rosentitynumber", "recipientofserviceentitynumber"}},
    [BW_COL_NUMBER] = {"entity_number", ENTITIES, ENTITIES, {"entitynumber"}},
    [BW_COL_NAME] = {"entity_name", ENTITIES, ENTITIES, {"entityname"}},
    [BW_COL_TYPE] = {"entity_type", ENTITIES, ENTITIES, {"entitytype"}},
    [BW_COL_ENTITY_STATUS] = {"status", 0, ENTITIES, {"status", "entitystatus"}},
    [BW_COL_PARENT] = {"parent_entity_number", ENTITIES, ENTITIES, {"parententitynumber"}},
    [BW_COL_COUNTY] = {"physical_county", 0, ENTITIES, {"physicalcounty", "county"}},
    [BW_COL_STUDENTS] = {"number_of_full_time_students",
                         ENTITIES,
                         ENTITIES,
                         {"numberoffulltimestudents", "numberoffulltimestudent"}},
    [BW_COL_NCES_STATE] = {"nces_public_state_code",
                           ENTITIES,
                           ENTITIES,
                           {"ncespublicstatecode"}},
    [BW_COL_NCES_DISTRICT] = {"nces_public_district_code",
                              ENTITIES,
                              ENTITIES,
                              {"ncespublicdistrictcode"}},
    [BW_COL_NCES_BUILDING] = {"nces_public_building_code",
                              ENTITIES,
                              ENTITIES,
                              {"ncespublicbuildingcode"}},
    [BW_COL_LOCALE] = {"locale", 0, ENTITIES, {"locale", "localecode", "nceslocale"}},
};

const char *bw_usac_set_name(enum bw_usac_set set)
{
    return set_names[set];
}

/* Letters and digits alone, in lower case. */
static void bare(const char *text, char out[NAME_MAX_BYTES])
{
    size_t n = 0;
    for (; *text && n + 1 < NAME_MAX_BYTES; text++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            out[n++] = c;
        }
    }
    out[n] = '\0';
}

static bool spelled(const struct column *c, const char *bare_name)
{
    for (size_t i = 0; i < SPELLINGS && c->spelling[i]; i++) {
        if (strcmp(c->spelling[i], bare_name) == 0) {
            return true;
        }
    }
    return false;
}

/* How many of the needed columns of a set the heading has, and how many there are. */
static size_t count(enum bw_usac_set set, const bool *has, size_t *ret_needed)
{
    size_t found = 0;
    *ret_needed = 0;
    for (size_t c = 0; c < BW_COLS; c++) {
        if (columns[c].needed_in & IN(set)) {
            ++*ret_needed;
            found += has[c];
        }
    }
    return found;
}

/* Recipients are known by their own column; of the others the one most of whose needed
 * columns are there, at least half. */
static int which(const bool *has, enum bw_usac_set *ret)
{
    size_t best_found = 0;
    size_t best_needed = 1;
    if (has[BW_COL_RECIPIENT]) {
        *ret = BW_USAC_RECIPIENTS;
        return 0;
    }
    for (int set = 0; set < BW_USAC_SETS; set++) {
        size_t needed;
        size_t found = count((enum bw_usac_set)set, has, &needed);
        if (found * best_needed > best_found * needed) {
            best_found = found;
            best_needed = needed;
            *ret = (enum bw_usac_set)set;
        }
    }
    return 2 * best_found >= best_needed ? 0 : -BW_EMALFORMED;
}

/* Where column c stands; -BW_EMALFORMED where two do. */
static int place(const char *file,
                 const struct column *c,
                 const struct bw_csv_field *fields,
                 char (*names)[NAME_MAX_BYTES],
                 size_t n,
                 int *ret,
                 struct bw_err *reterr)
{
    *ret = -1;
    for (size_t i = 0; i < n; i++) {
        if (!spelled(c, names[i])) {
            continue;
        }
        if (*ret >= 0) {
            return bw_err_set(reterr, -BW_EMALFORMED,
                              "%s:1: columns %d '%.60s' and %zu '%.60s' both say %s; take "
                              "one out",
                              file, *ret + 1, fields[*ret].text, i + 1, fields[i].text,
                              c->shown);
        }
        *ret = (int)i;
    }
    return 0;
}

int bw_usac_heading_read(const char *file,
                         const struct bw_csv_field *fields,
                         size_t n,
                         struct bw_usac_heading *ret,
                         struct bw_err *reterr)
{
    char names[BW_CSV_FIELDS_MAX][NAME_MAX_BYTES];
    bool has[BW_COLS] = {false};
    for (size_t i = 0; i < n; i++) {
        bare(fields[i].text, names[i]);
        for (size_t c = 0; c < BW_COLS; c++) {
            has[c] = has[c] || spelled(&columns[c], names[i]);
        }
    }
    if (which(has, &ret->set) < 0) {
        return bw_err_set(reterr, -BW_EMALFORMED,
                          "%s:1: not one of USAC's hbj5-2bpj, qdmp-ygft, avi8-svp9, "
                          "7i5i-83qf: its heading lacks most of their columns",
                          file);
    }
    for (size_t c = 0; c < BW_COLS; c++) {
        ret->at[c] = -1;
        if (!(columns[c].read_in & IN(ret->set))) {
            continue;
        }
        int r = place(file, &columns[c], fields, names, n, &ret->at[c], reterr);
        if (r < 0) {
            return r;
        }
        if (ret->at[c] < 0 && columns[c].needed_in & IN(ret->set)) {
            return bw_err_set(reterr, -BW_EMALFORMED,
                              "%s:1: no column %s, which %s has; download it with all "
                              "columns",
                              file, columns[c].shown, set_names[ret->set]);
        }
    }
    return 0;
}
