/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that ends collectd some seconds after its first read: when the change is over, on a busy machine as well. */
#include "collectd.h"

#include "plugin.h"

#include <signal.h>
#include <unistd.h>

static int crash_read(void) {
  sleep(10);
  return raise(SIGSEGV);
}

void module_register(void) { plugin_register_read("crash_later", crash_read); }
