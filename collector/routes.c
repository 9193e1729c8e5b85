/* SPDX-License-Identifier: GPL-3.0-or-later
 * routes.c - every address of the collector, in one table. */
#include "collector.h"

#include <api.h>
#include <bags.h>
#include <cosigner.h>
#include <door.h>
#include <enrol.h>
#include <graphs.h>
#include <http.h>
#include <ingest.h>
#include <log_http.h>
#include <measure.h>
#include <pack_index.h>
#include <packroom.h>
#include <page_alerts.h>
#include <page_changed.h>
#include <page_circuit.h>
#include <page_compare.h>
#include <page_fleet.h>
#include <page_opendata.h>
#include <page_places.h>
#include <page_prices.h>
#include <page_progress.h>
#include <page_queue.h>
#include <page_readiness.h>
#include <page_servers.h>
#include <page_site.h>
#include <page_static.h>
#include <page_upgrade.h>
#include <page_worksheet.h>
#include <share_http.h>

enum {
    ONE_JWS_BYTES = BW_JWS_MAX + 16,
    WITNESS_BYTES = 20480, /* a note, and a proof of at most 63 lines */
    POST_BYTES = BW_POST_BYTES_MAX
};

static void enroll(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    bw_enrol_post(c->readers, bw_key_public(c->log_key), req);
}

static void add_key(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    bw_enrol_key_post(c->readers, req);
}

static void post_summaries(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    bw_ingest_post(c->ingest, req);
}

static void ask_ticket(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    bw_measure_post(c->measure, c->readers, req);
}

static void cosign(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    bw_cosigner_post(c->cosigner, req);
}

static void witness_key(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    bw_cosigner_key(c->cosigner, req);
}

const struct bw_http_route bw_collector_routes[] = {
    {"POST", "/api/v1/summaries", BW_NEED_BOX, POST_BYTES, post_summaries},
    {"POST", "/api/v1/enroll", BW_NEED_BOX, ONE_JWS_BYTES, enroll},
    {"POST", "/api/v1/keys", BW_NEED_BOX, ONE_JWS_BYTES, add_key},
    {"POST", "/api/v1/tickets", BW_NEED_BOX, ONE_JWS_BYTES, ask_ticket},
    {"GET", "/api/v1/sites", BW_NEED_VIEW, 0, bw_api_sites},
    {"GET", "/api/v1/sites/{}/keys", BW_NEED_RECORDS | BW_OF_SITE, 0, bw_api_site_keys},
    {"GET", "/api/v1/sites/{}/bags", BW_NEED_VIEW | BW_OF_SITE, 0, bw_bags_list_get},
    {"GET", "/api/v1/sites/{}/bags/{}", BW_NEED_VIEW | BW_OF_SITE, 0, bw_bags_file_get},
    {"POST", "/api/v1/bags", BW_NEED_BOX, ONE_JWS_BYTES, bw_bags_post},
    {"GET", "/api/v1/circuits", BW_NEED_VIEW, 0, bw_api_circuits},
    {"GET", "/api/v1/circuits/{}/summaries", BW_NEED_RECORDS | BW_OF_CIRCUIT, 0,
     bw_api_summaries},
    {"GET", "/api/v1/circuits/{}/graph/{}", BW_NEED_VIEW | BW_OF_CIRCUIT, 0, bw_graphs_get},
    {"GET", "/api/v1/entities/{}/pack", BW_NEED_VIEW, 0, bw_pack_index_entity},
    {"GET", "/api/v1/frns/{}/pack", BW_NEED_VIEW, 0, bw_pack_index_frn},
    {"GET", "/api/v1/circuits/{}/pack", BW_NEED_VIEW | BW_OF_CIRCUIT, 0, bw_packroom_get},
    {"GET", "/api/v1/queue", BW_NEED_VIEW, 0, bw_api_queue},
    {"GET", "/api/v1/compare", BW_NEED_VIEW, 0, bw_api_compare},
    {"GET", "/api/v1/prices", BW_NEED_VIEW, 0, bw_api_prices},
    {"GET", "/api/v1/goals", BW_NEED_VIEW, 0, bw_api_goals},
    {"GET", "/api/v1/worksheet", BW_NEED_VIEW, 0, bw_api_worksheet},
    {"GET", "/api/v1/readiness", BW_NEED_VIEW, 0, bw_api_readiness},
    {"GET", "/api/v1/fleet", BW_NEED_VIEW, 0, bw_api_fleet},
    {"GET", "/api/v1/servers", BW_NEED_STATE, 0, bw_api_servers},
    {"GET", "/log/checkpoint", BW_NEED_NOBODY, 0, bw_log_checkpoint_get},
    {"GET", "/log/key", BW_NEED_NOBODY, 0, bw_log_key_get},
    {"GET", "/log/inclusion", BW_NEED_NOBODY, 0, bw_log_inclusion_get},
    {"GET", "/log/growth", BW_NEED_NOBODY, 0, bw_log_growth_get},
    {"GET", "/log/tile/{*}", BW_NEED_NOBODY, 0, bw_log_tile_get},
    {"GET", "/log/epoch", BW_NEED_NOBODY, 0, bw_log_epoch_get},
    {"GET", "/log/stamp/{}/{}", BW_NEED_NOBODY, 0, bw_log_stamp_get},
    {"POST", "/log/witness/add-checkpoint", BW_NEED_BOX, WITNESS_BYTES, cosign},
    {"GET", "/log/witness/key", BW_NEED_NOBODY, 0, witness_key},
    {"GET", "/healthz", BW_NEED_NOBODY, 0, bw_health_get},
    {"GET", "/metrics", BW_NEED_STATE, 0, bw_metrics_get},
    {"GET", "/", BW_NEED_VIEW, 0, bw_page_changed},
    {"GET", "/alerts", BW_NEED_VIEW, 0, bw_page_alerts},
    {"GET", "/alerts/{}", BW_NEED_VIEW, 0, bw_page_alert},
    {"POST", "/alerts/{}/ack", BW_NEED_SAY, BW_DOOR_FORM_BYTES, bw_page_alert_ack},
    {"GET", "/queue", BW_NEED_VIEW, 0, bw_page_queue},
    {"GET", "/progress", BW_NEED_VIEW, 0, bw_page_progress},
    {"POST", "/progress", BW_NEED_SAY, BW_DOOR_FORM_BYTES, bw_page_goal_post},
    {"GET", "/progress/{}", BW_NEED_VIEW, 0, bw_page_goal},
    {"POST", "/progress/{}/withdraw", BW_NEED_SAY, BW_DOOR_FORM_BYTES,
     bw_page_goal_withdraw},
    {"GET", "/upgrades/{}", BW_NEED_VIEW | BW_OF_CIRCUIT, 0, bw_page_upgrade},
    {"GET", "/readiness", BW_NEED_VIEW, 0, bw_page_readiness},
    {"GET", "/sites", BW_NEED_VIEW, 0, bw_page_sites},
    {"GET", "/sites/{}", BW_NEED_VIEW | BW_OF_SITE, 0, bw_page_site},
    {"GET", "/circuits/{}", BW_NEED_VIEW | BW_OF_CIRCUIT, 0, bw_page_circuit},
    {"POST", "/circuits/{}/annotate", BW_NEED_SAY | BW_OF_CIRCUIT, BW_DOOR_FORM_BYTES,
     bw_page_circuit_annotate},
    {"GET", "/districts", BW_NEED_VIEW, 0, bw_page_districts},
    {"GET", "/districts/{}", BW_NEED_VIEW | BW_OF_ENTITY, 0, bw_page_district},
    {"GET", "/prices", BW_NEED_VIEW, 0, bw_page_prices},
    {"GET", "/prices/worksheet", BW_NEED_VIEW, 0, bw_page_worksheet},
    {"GET", "/schools/{}", BW_NEED_VIEW | BW_OF_ENTITY, 0, bw_page_school},
    {"GET", "/compare", BW_NEED_VIEW, 0, bw_page_compare},
    {"GET", "/fleet", BW_NEED_VIEW, 0, bw_page_fleet},
    {"GET", "/fleet/tokens", BW_NEED_ADMIN, 0, bw_page_fleet_tokens},
    {"GET", "/servers", BW_NEED_STATE, 0, bw_page_servers},
    {"GET", "/servers/{}", BW_NEED_STATE, 0, bw_page_server},
    {"GET", "/fleet/keys/{}", BW_NEED_ADMIN, 0, bw_page_fleet_keys},
    {"POST", "/fleet/keys/{}", BW_NEED_ADMIN, BW_DOOR_FORM_BYTES, bw_page_fleet_keys_post},
    {"POST", "/fleet/tokens", BW_NEED_ADMIN, BW_FLEET_FORM_BYTES,
     bw_page_fleet_tokens_post},
    {"GET", "/open-data", BW_NEED_NOBODY, 0, bw_page_opendata},
    {"GET", "/open-data/review", BW_NEED_VIEW, 0, bw_page_review},
    {"POST", "/open-data/review", BW_NEED_SAY, BW_REVIEW_FORM_BYTES, bw_page_review_post},
    {"GET", "/open-data/review/rows.csv", BW_NEED_VIEW, 0, bw_page_review_rows},
    {"GET", "/open-data/{}", BW_NEED_NOBODY, 0, bw_page_opendata_file},
    {"GET", "/s/{}", BW_NEED_NOBODY, 0, bw_share_get},
    {"POST", "/s/{}/comment", BW_NEED_NOBODY, BW_SHARE_FORM_BYTES, bw_share_comment_post},
    {"GET", "/s/{}/{}", BW_NEED_NOBODY, 0, bw_share_file_get},
    {"GET", "/problems/{}", BW_NEED_NOBODY, 0, bw_page_problem},
    {"GET", "/static/{}", BW_NEED_NOBODY, 0, bw_page_static},
    {"GET", "/sign-in", BW_NEED_NOBODY, 0, bw_door_sign_in_get},
    {"POST", "/sign-in", BW_NEED_NOBODY, BW_DOOR_FORM_BYTES, bw_door_sign_in_post},
    {"GET", "/oidc/start", BW_NEED_NOBODY, 0, bw_door_oidc_start_get},
    {"GET", "/oidc/back", BW_NEED_NOBODY, 0, bw_door_oidc_back_get},
    {"POST", "/oidc/logout", BW_NEED_BOX, BW_DOOR_LOGOUT_BYTES, bw_door_oidc_logout_post},
    {"POST", "/sign-out", BW_NEED_SESSION, BW_DOOR_FORM_BYTES, bw_door_sign_out_post},
    {"GET", "/set-up/{}", BW_NEED_NOBODY, 0, bw_door_set_up_get},
    {"POST", "/set-up/{}", BW_NEED_NOBODY, BW_DOOR_FORM_BYTES, bw_door_set_up_post},
    {"GET", "/account", BW_NEED_PERSON, 0, bw_door_account_get},
    {"POST", "/account/others", BW_NEED_PERSON, BW_DOOR_FORM_BYTES,
     bw_door_account_others_post},
    {"POST", "/account/renew", BW_NEED_PERSON, BW_DOOR_FORM_BYTES,
     bw_door_account_renew_post},
    {"GET", "/people", BW_NEED_ADMIN, 0, bw_door_people_get},
    {"POST", "/people", BW_NEED_ADMIN, BW_DOOR_FORM_BYTES, bw_door_people_post},
    {NULL, NULL, 0, 0, NULL},
};
