/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that ends collectd in the read after there is a file "crash" in its directory: when the change is over. */
#include "collectd.h"

#include "plugin.h"

#include <signal.h>
#include <unistd.h>

static int crash_read(void) { return access("crash", F_OK) != 0 ? 0 : raise(SIGSEGV); }

void module_register(void) { plugin_register_read("crash_later", crash_read); }
