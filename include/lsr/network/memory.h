// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_memory_h
#define lsr_network_memory_h

namespace lsr
{
  /// Free the memory of the device that LibTorch has no use for at the moment,
  /// but keeps for later: where the memory does not suffice, blocks have as
  /// much of it as they can get. Does nothing on the CPU.
  void
  release_cached_memory();
} // namespace lsr

#endif
