/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin whose flush fails. */
#include "collectd.h"

#include "plugin.h"

static int unwilling_flush(cdtime_t timeout, const char *identifier,
                           user_data_t *data) {
  (void)timeout, (void)identifier, (void)data;
  return -1;
}

void module_register(void) {
  plugin_register_flush("unwilling", unwilling_flush, NULL);
}
