/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that ends collectd in its third read: one that compares with what it saw before may well be so. */
#include "collectd.h"

#include "plugin.h"

#include <signal.h>

static int reads;

static int crash_read(void) { return ++reads < 3 ? 0 : raise(SIGSEGV); }

void module_register(void) {
  plugin_register_read("crash_in_third_read", crash_read);
}
