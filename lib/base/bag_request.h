/* SPDX-License-Identifier: GPL-3.0-or-later
 * bag_request.h - how a box asks its collector for its own site's yearly bags: a JWS of
 * this type over {"v":1,"aud":KID of the log's key,"at_s":seconds,"want":NAME}; without
 * `want` the answer is the list (docs/openapi.yaml). */
#ifndef BW_BAG_REQUEST_H
#define BW_BAG_REQUEST_H

#define BW_TYP_BAGS "bandwitness-bags+jws"

#endif
