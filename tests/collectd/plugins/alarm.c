/* SPDX-License-Identifier: Apache-2.0
 *
 * Raises numbered notifications: <Plugin alarm> Rate 200 </Plugin> each second, from one read to the next. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin.h"

static int rate;
static long number;
static cdtime_t last;

static int configure(const char *key, const char *value) {
  if (strcasecmp(key, "Rate") != 0)
    return -1;
  rate = atoi(value);
  return 0;
}

static int read_alarm(void) {
  cdtime_t now = cdtime();
  int due = last == 0 ? 0 : (int)(CDTIME_T_TO_DOUBLE(now - last) * rate);
  if (last == 0 || due > 0)
    last = now;
  for (int i = 0; i < due; i++) {
    notification_t n = {NOTIF_WARNING, now, "", "", "alarm", "", "", "", NULL};
    snprintf(n.message, sizeof(n.message), "number %ld", ++number);
    snprintf(n.host, sizeof(n.host), "%s", hostname_g);
    plugin_dispatch_notification(&n);
  }
  return 0;
}

static const char *keys[] = {"Rate"};

void module_register(void) {
  plugin_register_config("alarm", configure, keys, 1);
  plugin_register_read("alarm", read_alarm);
}
