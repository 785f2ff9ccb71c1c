// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_reliability_fuzz_h
#define lsr_tests_reliability_fuzz_h

#include <lsr/base/exceptions.h>

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <string>

// LSR_FUZZ(name) begins a function of the string `bytes`, which lets a reader
// read them. It may throw lsr::Error; anything else that leaves it, and all
// that a sanitizer sees, is a fault, and so are ten seconds of computing.
//
// With LSR_WITH_LIBFUZZER defined it is what libFuzzer calls; without, one of
// fuzz::readers(), for the test that reads the corpus.

namespace fuzz
{
  using Reader = void (*)(const std::string &);

  inline std::map<std::string, Reader> &
  readers()
  {
    static std::map<std::string, Reader> list;
    return list;
  }



  /// A file in memory, under its path while it lives.
  class File
  {
  public:
    File(const std::string &bytes, const std::string &ending)
      : path("/dev/shm/lsr-fuzz-" + std::to_string(getpid()) + ending)
    {
      std::ofstream(path, std::ios::binary) << bytes;
    }

    ~File()
    {
      std::remove(path.c_str());
    }

    const std::string path;
  };



  /**
   * The files in a text, each after a line "=== path": what fuzzers change
   * where a format is an archive, whose checksums they would never get right.
   */
  inline std::map<std::string, std::string>
  files_in(const std::string &text)
  {
    std::map<std::string, std::string> files;
    const std::string                  mark = "=== ";
    std::size_t at = text.compare(0, mark.size(), mark) == 0 ? 0 : text.npos;
    while (at != text.npos)
      {
        const std::size_t begin = at + mark.size(),
                          end   = std::min(text.find('\n', begin), text.size());
        at                      = text.find("\n" + mark, end);
        const std::size_t next  = std::min(at, text.size()),
                          first = std::min(end + 1, next);
        files[text.substr(begin, end - begin)] =
          text.substr(first, next - first);
        at += at != text.npos;
      }
    return files;
  }
} // namespace fuzz



#ifdef LSR_WITH_LIBFUZZER
#  define LSR_FUZZ(name)                                            \
    static void    try_to_read(const std::string &bytes);           \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, \
                                          const std::size_t   size) \
    {                                                               \
      const std::clock_t begin = std::clock();                      \
      try                                                           \
        {                                                           \
          try_to_read(std::string(data, data + size));              \
        }                                                           \
      catch (const lsr::Error &)                                    \
        {}                                                          \
      if (std::clock() - begin > 10 * CLOCKS_PER_SEC)               \
        std::abort();                                               \
      return 0;                                                     \
    }                                                               \
    static void try_to_read(const std::string &bytes)
#else
#  define LSR_FUZZ(name)                                     \
    static void       try_to_read(const std::string &bytes); \
    static const bool is_known =                             \
      fuzz::readers().emplace(#name, &try_to_read).second;   \
    static void try_to_read(const std::string &bytes)
#endif

#endif
