/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that is unsafe in the way that its configuration names, to see that it is found out.
 *
 *   <Plugin unsafe>
 *     Does "nothing"    # or thread, leak, value, notification, once, crash
 *   </Plugin>
 */
#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

static const char *config_keys[] = {"Does"};

static char does[32];
static int registrations;
static int inits;

static int is(const char *what) { return strcmp(does, what) == 0; }

static void submit(const char *name) {
  value_list_t vl = VALUE_LIST_INIT;
  vl.values = &(value_t){.gauge = 1};
  vl.values_len = 1;
  sstrncpy(vl.plugin, "unsafe", sizeof(vl.plugin));
  sstrncpy(vl.type, "gauge", sizeof(vl.type));
  sstrncpy(vl.type_instance, name, sizeof(vl.type_instance));
  plugin_dispatch_values(&vl);
}

static void notify(void) {
  notification_t n = {NOTIF_OKAY, cdtime(), "still here", "", "unsafe", "", "", "", NULL};
  plugin_dispatch_notification(&n);
}

static void *on_and_on(__attribute__((unused)) void *arg) {
  while (1) {
    if (is("value"))
      submit("thread");
    if (is("notification"))
      notify();
    usleep(50000);
  }
  return NULL;
}

static int unsafe_config(const char *key, const char *value) {
  sstrncpy(does, value, sizeof(does));
  return 0;
}

static int unsafe_init(void) {
  pthread_t thread;
  if ((is("thread") || is("value") || is("notification")) && inits == 0)
    pthread_create(&thread, NULL, on_and_on, NULL);
  if (is("leak") && open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
    return -1;
  if (is("crash") && inits > 0)
    raise(SIGSEGV);
  inits++;
  return 0;
}

static int unsafe_read(void) {
  submit("read");
  return 0;
}

void module_register(void) {
  plugin_register_config("unsafe", unsafe_config, config_keys, STATIC_ARRAY_SIZE(config_keys));
  plugin_register_init("unsafe", unsafe_init);
  if (!is("once") || registrations == 0)
    plugin_register_read("unsafe", unsafe_read);
  registrations++;
}
