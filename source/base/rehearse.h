// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_rehearse_h
#define lsr_base_rehearse_h

#include <cstdint>
#include <functional>
#include <string>

namespace lsr
{
  /**
   * Call @p function in a child process, and wait for its end: for libraries
   * that damaged files crash, or let compute for ever. What it changes in
   * memory, and its exceptions, are lost; it must use no threads and leave MPI
   * and GPUs alone. Throws lsr::Error with @p failure and the signal if the
   * child is ended by one, SIGXCPU after @p seconds of computing.
   */
  void
  rehearse(const std::function<void()> &function,
           const std::string           &failure,
           const std::uintmax_t         seconds);
} // namespace lsr

#endif
