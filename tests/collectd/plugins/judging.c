/* SPDX-License-Identifier: Apache-2.0
 *
 * Has the lock of the thresholds nearly all the time, as collectd has it for each value, and counts how often it had
 * it (held), and how often another tree of them was there at the end (changed). */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugin.h"
#include "utils/avltree/avltree.h"
#include "utils_threshold.h"

static void report(const char *what, double count) {
  value_t value = {.gauge = count};
  value_list_t vl = {.values = &value, .values_len = 1, .plugin = "judging", .type = "gauge"};
  snprintf(vl.host, sizeof(vl.host), "%s", hostname_g);
  snprintf(vl.type_instance, sizeof(vl.type_instance), "%s", what);
  plugin_dispatch_values(&vl);
}

static int read_judging(void) {
  static double held, changed;
  struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
  pthread_mutex_lock(&threshold_lock);
  c_avl_tree_t *tree = threshold_tree;
  nanosleep(&moment, NULL);
  changed += tree != threshold_tree;
  pthread_mutex_unlock(&threshold_lock);
  report("held", ++held);
  report("changed", changed);
  return 0;
}

void module_register(void) { plugin_register_read("judging", read_judging); }
