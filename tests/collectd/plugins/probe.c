/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that tells on whoever calls it wrongly: two threads in its read at once, a read before its init was over, an
 * init more than once. It dispatches its counters as gauges, and logs inits and the first read.
 *
 *   <Plugin probe>
 *     ReadTime 200         # milliseconds that a read takes
 *     InitTime 300         # milliseconds that the init takes
 *     ReadUntil "/file"    # no read is over before this is there
 *     InitUntil "/file"    # nor the init before that
 *     InitUntilExit "/log" # nor a second init before this log says that collectd ends
 *   </Plugin>
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

#include <unistd.h>

static const char *config_keys[] = {"ReadTime", "InitTime", "ReadUntil", "InitUntil", "InitUntilExit"};

static int read_time;
static int init_time;
static char *read_until;
static char *init_until;
static char *exit_log;
static int initialised;
static int inside;

static int reads;
static int overlaps;
static int early;
static int inits;

static void pause_ms(int milliseconds) {
  struct timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
  nanosleep(&time, NULL);
}

static void pass(int milliseconds, const char *until) {
  pause_ms(milliseconds);
  while (until != NULL && access(until, F_OK) != 0)
    pause_ms(10);
}

static int says_exit(const char *log) {
  static char text[1 << 20];
  FILE *file = fopen(log, "r");
  if (file == NULL)
    return 0;
  text[fread(text, 1, sizeof(text) - 1, file)] = 0;
  fclose(file);
  return strstr(text, "Exiting normally.") != NULL;
}

static void submit(const char *name, int value) {
  value_list_t vl = VALUE_LIST_INIT;
  vl.values = &(value_t){.gauge = value};
  vl.values_len = 1;
  sstrncpy(vl.plugin, "probe", sizeof(vl.plugin));
  sstrncpy(vl.type, "gauge", sizeof(vl.type));
  sstrncpy(vl.type_instance, name, sizeof(vl.type_instance));
  plugin_dispatch_values(&vl);
}

static int probe_config(const char *key, const char *value) {
  if (strcasecmp(key, "ReadTime") == 0)
    read_time = atoi(value);
  else if (strcasecmp(key, "InitTime") == 0)
    init_time = atoi(value);
  else if (strcasecmp(key, "ReadUntil") == 0)
    read_until = strdup(value);
  else if (strcasecmp(key, "InitUntil") == 0)
    init_until = strdup(value);
  else
    exit_log = strdup(value);
  return 0;
}

static int probe_init(void) {
  int number = __atomic_add_fetch(&inits, 1, __ATOMIC_SEQ_CST);
  INFO("probe plugin: init %d begins", number);
  __atomic_store_n(&initialised, 0, __ATOMIC_SEQ_CST);
  while (number > 1 && exit_log != NULL && !says_exit(exit_log))
    pause_ms(10);
  pass(init_time, init_until);
  __atomic_store_n(&initialised, 1, __ATOMIC_SEQ_CST);
  INFO("probe plugin: init %d ends", number);
  return 0;
}

static int probe_read(void) {
  static int begun;
  if (__atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST) == 1)
    INFO("probe plugin: the first read begins");
  if (__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) > 1)
    __atomic_add_fetch(&overlaps, 1, __ATOMIC_SEQ_CST);
  if (!__atomic_load_n(&initialised, __ATOMIC_SEQ_CST))
    __atomic_add_fetch(&early, 1, __ATOMIC_SEQ_CST);
  pass(read_time, read_until);
  submit("reads", __atomic_add_fetch(&reads, 1, __ATOMIC_SEQ_CST));
  submit("overlaps", __atomic_load_n(&overlaps, __ATOMIC_SEQ_CST));
  submit("early", __atomic_load_n(&early, __ATOMIC_SEQ_CST));
  submit("inits", __atomic_load_n(&inits, __ATOMIC_SEQ_CST));
  __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
  return 0;
}

void module_register(void) {
  plugin_register_config("probe", probe_config, config_keys, STATIC_ARRAY_SIZE(config_keys));
  plugin_register_init("probe", probe_init);
  plugin_register_read("probe", probe_read);
}
