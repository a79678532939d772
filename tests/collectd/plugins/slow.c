/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin of which one read, and the flush, take as long as there is the file
 * "hold" in the directory that collectd works in; a read that waits so makes the
 * file "held-PID". Each value is the process, so that an output tells by which of
 * two something was read.
 *
 * It is to be loaded as "entropy", of which two may read beside each other.
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

#include <unistd.h>

static void wait_for_it(void) {
  while (access("hold", F_OK) == 0)
    usleep(1000);
}

static int give(const char *how) {
  value_list_t vl = VALUE_LIST_INIT;
  vl.values = &(value_t){.gauge = getpid()};
  vl.values_len = 1;
  sstrncpy(vl.plugin, "entropy", sizeof(vl.plugin));
  sstrncpy(vl.type, "gauge", sizeof(vl.type));
  sstrncpy(vl.type_instance, how, sizeof(vl.type_instance));
  return plugin_dispatch_values(&vl);
}

static int read_at_once(void) { return give("at_once"); }

static int read_slowly(void) {
  char name[32];
  snprintf(name, sizeof(name), "held-%d", getpid());
  if (access("hold", F_OK) == 0)
    fclose(fopen(name, "w"));
  wait_for_it();
  return give("slowly");
}

static int flush_slowly(cdtime_t timeout, const char *identifier,
                        user_data_t *data) {
  (void)timeout, (void)identifier, (void)data;
  wait_for_it();
  return 0;
}

void module_register(void) {
  plugin_register_read("entropy", read_at_once);
  plugin_register_read("entropy/slowly", read_slowly);
  plugin_register_flush("entropy", flush_slowly, NULL);
}
