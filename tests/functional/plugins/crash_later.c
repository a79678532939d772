/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that ends collectd a second after its first read. */
#include "collectd.h"

#include "plugin.h"

#include <signal.h>
#include <unistd.h>

static int crash_read(void) {
  sleep(1);
  return raise(SIGSEGV);
}

void module_register(void) { plugin_register_read("crash_later", crash_read); }
