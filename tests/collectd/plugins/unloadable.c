/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that is installed and cannot be loaded: nobody has the function that it calls. */
void function_that_nobody_has(void);

void module_register(void) { function_that_nobody_has(); }
