/* SPDX-License-Identifier: Apache-2.0
 *
 * One metric of many data sources, which are always equal, and from a flush on updated as fast as can be: who sees two
 * that differ has seen a half of an update.
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"
#include "utils_cache.h"

#include <pthread.h>

#define SOURCES 200

static data_source_t sources[SOURCES];
static data_set_t set = {.type = "halves", .ds_num = SOURCES, .ds = sources};

/* Until it is flushed updates come slowly, so that somebody can find his way in peace. */
static int fast;

static int halves_flush(cdtime_t timeout, const char *identifier, user_data_t *user) {
  __atomic_store_n(&fast, 1, __ATOMIC_SEQ_CST);
  return 0;
}

static void *halves_update(void *unused) {
  (void)unused;
  static value_t values[SOURCES];
  value_list_t vl = VALUE_LIST_INIT;
  vl.values = values;
  vl.values_len = SOURCES;
  vl.interval = TIME_T_TO_CDTIME_T(3600);
  sstrncpy(vl.host, hostname_g, sizeof(vl.host));
  sstrncpy(vl.plugin, "halves", sizeof(vl.plugin));
  sstrncpy(vl.type, "halves", sizeof(vl.type));
  for (int number = 1;; number++) {
    for (int source = 0; source < SOURCES; source++)
      values[source].gauge = number;
    vl.time = cdtime();
    uc_update(&set, &vl);
    usleep(__atomic_load_n(&fast, __ATOMIC_SEQ_CST) ? 20 : 100000);
  }
  return NULL;
}

static int halves_init(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, halves_update, NULL);
}

void module_register(void) {
  for (int source = 0; source < SOURCES; source++) {
    sources[source] = (data_source_t){.type = DS_TYPE_GAUGE, .min = NAN, .max = NAN};
    ssnprintf(sources[source].name, sizeof(sources[source].name), "s%d", source);
  }
  plugin_register_data_set(&set);
  plugin_register_init("halves", halves_init);
  plugin_register_flush("halves", halves_flush, NULL);
}
