/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin whose init fails, with a reason in the log. */
#include "collectd.h"

#include "plugin.h"

static int failing_init(void) {
  ERROR("failing plugin: there is no such hardware here");
  return -1;
}

static int failing_read(void) { return 0; }

void module_register(void) {
  plugin_register_init("failing", failing_init);
  plugin_register_read("failing", failing_read);
}
