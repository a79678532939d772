/* SPDX-License-Identifier: Apache-2.0
 *
 * A write target that takes 10 ms for each value list. */

#include <unistd.h>

#include "plugin.h"

static int write_slowly(const data_set_t *ds, const value_list_t *vl, user_data_t *user) {
  usleep(10000);
  return 0;
}

void module_register(void) { plugin_register_write("slow_write", write_slowly, NULL); }
