/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One report as a static page of its own: no script, nothing loaded from elsewhere. */
#ifndef STINT_REPORT_HTML_H
#define STINT_REPORT_HTML_H

#include <stdio.h>

#include "lib/base/json.h"

int render_html(const struct json *report, FILE *out, struct error *err);

#endif
