/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later */

/* To be preloaded: libraries stay to the end, so that leaks have the name of the
 * one that they are of. */

int
dlclose(void *handle)
{
  (void)handle;
  return 0;
}
