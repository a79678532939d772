/* SPDX-License-Identifier: Apache-2.0
 *
 * Wants the lock of collectd's cache all the time, and tells how many milliseconds it had to wait for it at
 * most. Its first read fills the cache with as many metrics as it is told.
 *
 *   <Plugin bystander>
 *     Metrics 10000
 *   </Plugin>
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"
#include "utils_cache.h"

static const char *config_keys[] = {"Metrics"};

static int metrics;
static double longest; /* milliseconds */

static void submit(const char *instance, double value, cdtime_t interval) {
  value_list_t vl = VALUE_LIST_INIT;
  vl.values = &(value_t){.gauge = value};
  vl.values_len = 1;
  vl.interval = interval;
  sstrncpy(vl.plugin, "bystander", sizeof(vl.plugin));
  sstrncpy(vl.type, "gauge", sizeof(vl.type));
  sstrncpy(vl.type_instance, instance, sizeof(vl.type_instance));
  plugin_dispatch_values(&vl);
}

static void *watch(void *unused) {
  (void)unused;
  while (1) {
    cdtime_t before = cdtime();
    uc_get_size();
    double took = CDTIME_T_TO_DOUBLE(cdtime() - before) * 1000;
    if (took > longest)
      longest = took;
    nanosleep(&(struct timespec){0, 50000}, NULL);
  }
  return NULL;
}

static int bystander_config(const char *key, const char *value) {
  (void)key;
  metrics = atoi(value);
  return 0;
}

static int bystander_init(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, watch, NULL);
}

static int bystander_read(void) {
  char instance[DATA_MAX_NAME_LEN];
  static int filled;
  for (; filled < metrics; filled++) {
    ssnprintf(instance, sizeof(instance), "metric-%05d", filled);
    submit(instance, filled, TIME_T_TO_CDTIME_T(3600));
  }
  submit("longest", longest, plugin_get_interval());
  return 0;
}

void module_register(void) {
  plugin_register_config("bystander", bystander_config, config_keys, STATIC_ARRAY_SIZE(config_keys));
  plugin_register_init("bystander", bystander_init);
  plugin_register_read("bystander", bystander_read);
}
