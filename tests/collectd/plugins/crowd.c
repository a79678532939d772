/* SPDX-License-Identifier: Apache-2.0
 *
 * Its first read fills the cache with as many metrics as it is told.
 *
 *   <Plugin crowd>
 *     Metrics 10000
 *   </Plugin>
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

static const char *config_keys[] = {"Metrics"};

static int metrics;

static void submit(int number) {
  value_list_t vl = VALUE_LIST_INIT;
  vl.values = &(value_t){.gauge = number};
  vl.values_len = 1;
  vl.interval = TIME_T_TO_CDTIME_T(3600);
  sstrncpy(vl.plugin, "crowd", sizeof(vl.plugin));
  sstrncpy(vl.type, "gauge", sizeof(vl.type));
  ssnprintf(vl.type_instance, sizeof(vl.type_instance), "metric-%05d", number);
  plugin_dispatch_values(&vl);
}

static int crowd_config(const char *key, const char *value) {
  (void)key;
  metrics = atoi(value);
  return 0;
}

static int crowd_read(void) {
  static int filled;
  for (; filled < metrics; filled++)
    submit(filled);
  return 0;
}

void module_register(void) {
  plugin_register_config("crowd", crowd_config, config_keys, STATIC_ARRAY_SIZE(config_keys));
  plugin_register_read("crowd", crowd_read);
}
