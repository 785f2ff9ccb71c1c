// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Libraries take memory before main() is called. Where it is refused, OpenBLAS
// asks again for ever, and LibTorch ends the program with an exception that
// nobody catches. So it is tried before: functions in this section of a program
// are called before those of libraries.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace
{
  void
  require_memory_to_start(int, char **, char **)
  {
    // As require_memory_of_threads(1) has it.
    constexpr std::size_t size = std::size_t(384) << 20;
    void *const           memory =
      mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED)
      {
        munmap(memory, size);
        return;
      }
    constexpr char message[] =
      "lsr: error: out of memory: the libraries of this program need 384 MiB of "
      "address space to start, and this process may not have it; expected more "
      "memory (see ulimit -v)\n";
    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
      {} // nobody listens
    _exit(1);
  }

  [[gnu::section(".preinit_array"),
    gnu::used]] void (*const first)(int,
                                    char **,
                                    char **) = require_memory_to_start;
} // namespace
