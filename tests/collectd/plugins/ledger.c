/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that keeps account of its reads, in the file "ledger" of the
 * directory that collectd works in: by which process, when, and when all values
 * had been dispatched; and of its end: of which process, and when. Each value is
 * the process, and has the time of the read: so what an output has can be held
 * against what was read.
 *
 * It is to be loaded as "entropy", of which two may read beside each other.
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

#include <unistd.h>

static int ledger_read(void) {
  cdtime_t read = cdtime();
  for (int metric = 0; metric < 8; metric++) {
    value_list_t vl = VALUE_LIST_INIT;
    vl.values = &(value_t){.gauge = getpid()};
    vl.values_len = 1;
    vl.time = read;
    sstrncpy(vl.plugin, "ledger", sizeof(vl.plugin));
    sstrncpy(vl.type, "gauge", sizeof(vl.type));
    snprintf(vl.type_instance, sizeof(vl.type_instance), "%d", metric);
    plugin_dispatch_values(&vl);
  }
  FILE *file = fopen("ledger", "a");
  if (file == NULL)
    return errno;
  fprintf(file, "%d %.3f %.3f\n", getpid(), CDTIME_T_TO_DOUBLE(read),
          CDTIME_T_TO_DOUBLE(cdtime()));
  return fclose(file);
}

/* No read is under way any more, nor will there be one. */
static int ledger_end(void) {
  FILE *file = fopen("ledger", "a");
  if (file == NULL)
    return errno;
  fprintf(file, "%d %.3f\n", getpid(), CDTIME_T_TO_DOUBLE(cdtime()));
  return fclose(file);
}

void module_register(void) {
  plugin_register_read("entropy", ledger_read);
  plugin_register_shutdown("entropy", ledger_end);
}
