// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_source_fe_instantiate_h
#define lsr_source_fe_instantiate_h

/// Expand MACRO(dim, spacedim) for all meshes that deal.II has.
#define LSR_FOR_ALL_DIMENSIONS(MACRO) \
  MACRO(1, 1)                         \
  MACRO(2, 2)                         \
  MACRO(3, 3)                         \
  MACRO(1, 2)                         \
  MACRO(1, 3)                         \
  MACRO(2, 3)

#endif
