/* SPDX-License-Identifier: GPL-3.0-or-later
 * viewer.c - what a role may, and what its entities let it see.
 *
 * Invariant: whatever is not known is not seen by who sees a part of the state only. */
#include "viewer.h"

#include <buf.h>
#include <http.h>
#include <mask.h>
#include <string.h>

const struct bw_viewer *bw_door_viewer(const struct bw_http_req *req)
{
    return bw_http_kept(req);
}

bool bw_viewer_sees_state(const struct bw_viewer *v)
{
    return v && (v->open || v->role == BW_ROLE_ADMIN || v->role == BW_ROLE_VIEWER);
}

bool bw_viewer_has_session(const struct bw_viewer *v)
{
    static const uint8_t none[sizeof(v->session)];
    return v && memcmp(v->session, none, sizeof(none)) != 0;
}

bool bw_viewer_may(const struct bw_viewer *v, enum bw_need level)
{
    if (!v) {
        return level == BW_NEED_NOBODY || level == BW_NEED_BOX;
    }
    bool person = !v->open && !v->key;
    switch ((int)level) {
    case BW_NEED_NOBODY:
    case BW_NEED_BOX:
    case BW_NEED_VIEW:
        return true;
    case BW_NEED_RECORDS:
        return v->open || v->role != BW_ROLE_COORDINATOR;
    case BW_NEED_STATE:
        return bw_viewer_sees_state(v);
    case BW_NEED_SAY:
        return person && (v->role == BW_ROLE_ADMIN || v->role == BW_ROLE_AGENCY ||
                          v->role == BW_ROLE_DISTRICT);
    case BW_NEED_ADMIN:
        return person && v->role == BW_ROLE_ADMIN;
    case BW_NEED_PERSON:
        return person && !v->outside;
    case BW_NEED_SESSION:
        return person && bw_viewer_has_session(v);
    default:
        return false;
    }
}

bool bw_viewer_sees_entity(const struct bw_viewer *v, const char *entity)
{
    return bw_viewer_sees_state(v) ||
           (v && v->map &&
            bw_map_within(v->map, bw_map_entity(v->map, entity), v->places, v->n_scopes));
}

bool bw_viewer_sees_site(const struct bw_viewer *v, const char *site)
{
    return bw_viewer_sees_state(v) ||
           (v && v->map &&
            bw_map_within(v->map, bw_map_site(v->map, site), v->places, v->n_scopes));
}

bool bw_viewer_sees_circuit(const struct bw_viewer *v, const char *circuit)
{
    char site[BW_SITE_MAX + 1];
    size_t n = strcspn(circuit, ".");
    if (bw_viewer_sees_state(v)) {
        return true;
    }
    if (circuit[n] != '.' || n >= sizeof(site)) {
        return false;
    }
    memcpy(site, circuit, n);
    site[n] = '\0';
    return bw_viewer_sees_site(v, site);
}

bool bw_viewer_sees_site_cb(const void *viewer, const char *site)
{
    return bw_viewer_sees_site(viewer, site);
}

void bw_viewer_form(const struct bw_viewer *v, struct bw_buf *out)
{
    if (v && v->csrf[0]) {
        char token[BW_MASK_TEXT(BW_MASK_MAX) + 1];
        bw_mask(v->csrf, token);
        bw_buf_printf(out, "<input type=\"hidden\" name=\"csrf\" value=\"%s\">", token);
    }
}

const char *bw_viewer_role(const struct bw_viewer *v)
{
    const char *name = v && !v->open ? bw_role_name(v->role) : NULL;
    return name ? name : "";
}
