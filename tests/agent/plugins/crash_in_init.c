/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that ends collectd while it is initialised. */
#include "collectd.h"

#include "plugin.h"

#include <signal.h>

static int crash_init(void) { return raise(SIGSEGV); }

static int crash_read(void) { return 0; }

void module_register(void) {
  plugin_register_init("crash_in_init", crash_init);
  plugin_register_read("crash_in_init", crash_read);
}
