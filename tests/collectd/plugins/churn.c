/* SPDX-License-Identifier: Apache-2.0
 *
 * Metrics that come and go: each read dispatches a few that were never there, whose value is the number in their name,
 * and leaves those of before to expire. So memory that held one metric soon holds another.
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

static void submit(int number) {
  value_list_t vl = VALUE_LIST_INIT;
  vl.values = &(value_t){.gauge = number};
  vl.values_len = 1;
  sstrncpy(vl.plugin, "churn", sizeof(vl.plugin));
  sstrncpy(vl.type, "gauge", sizeof(vl.type));
  ssnprintf(vl.type_instance, sizeof(vl.type_instance), "%08d", number);
  plugin_dispatch_values(&vl);
}

static int churn_read(void) {
  static int next;
  for (int count = 0; count < 20; count++)
    submit(next++);
  return 0;
}

void module_register(void) { plugin_register_read("churn", churn_read); }
