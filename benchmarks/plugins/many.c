/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin with as many metrics as a benchmark wants: gauges, a hundred to an instance.
 *
 *   <Plugin many>
 *     Metrics 10000
 *   </Plugin>
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

static const char *config_keys[] = {"Metrics"};

static int metrics = 10000;

static int many_config(const char *key, const char *value) {
  metrics = atoi(value);
  return 0;
}

static int many_read(void) {
  for (int number = 0; number < metrics; number++) {
    value_list_t vl = VALUE_LIST_INIT;
    vl.values = &(value_t){.gauge = number + 0.25};
    vl.values_len = 1;
    sstrncpy(vl.plugin, "many", sizeof(vl.plugin));
    ssnprintf(vl.plugin_instance, sizeof(vl.plugin_instance), "group%03d", number / 100);
    sstrncpy(vl.type, "gauge", sizeof(vl.type));
    ssnprintf(vl.type_instance, sizeof(vl.type_instance), "metric%02d", number % 100);
    plugin_dispatch_values(&vl);
  }
  return 0;
}

void module_register(void) {
  plugin_register_config("many", many_config, config_keys, STATIC_ARRAY_SIZE(config_keys));
  plugin_register_read("many", many_read);
}
