/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that reads memory it has freed: what valgrind must find. */
#include "collectd.h"

#include "plugin.h"

#pragma GCC diagnostic ignored "-Wuse-after-free"

static int freed_read(void) {
  volatile char *memory = malloc(16);
  memory[0] = 1;
  free((void *)memory);
  return memory[0] == 2 ? -1 : 0;
}

void module_register(void) { plugin_register_read("freed", freed_read); }
