// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_temporary_folder_h
#define lsr_tests_support_temporary_folder_h

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace lsr::test
{
  /// An empty folder that no other process uses, removed in the end.
  class TemporaryFolder
  {
  public:
    TemporaryFolder()
      : path(std::filesystem::temp_directory_path() /
             ("lsr test " + std::to_string(getpid()) + " " +
              std::to_string(n_folders++)))
    {
      std::filesystem::remove_all(path);
      std::filesystem::create_directories(path);
    }

    TemporaryFolder(const TemporaryFolder &) = delete;

    ~TemporaryFolder()
    {
      std::filesystem::remove_all(path);
    }

    /// The path of a file in it.
    std::string
    file(const std::string &name) const
    {
      return (path / name).string();
    }

    /// Write a file, and return its path.
    std::string
    write(const std::string &name, const std::string &bytes) const
    {
      std::ofstream(path / name, std::ios::binary) << bytes;
      return file(name);
    }

    std::string
    read(const std::string &name) const
    {
      std::ifstream in(path / name, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(in), {});
    }

    /// Files and folders in it, without those in subfolders.
    std::size_t
    n_files() const
    {
      return std::distance(std::filesystem::directory_iterator(path), {});
    }

    /// Everything in it, with the contents of the files.
    std::map<std::string, std::string>
    contents() const
    {
      namespace fs = std::filesystem;
      std::map<std::string, std::string> result;
      for (const auto &entry : fs::recursive_directory_iterator(path))
        {
          const auto name = entry.path().lexically_relative(path).string();
          result[name]    = entry.is_regular_file() ? read(name) : "folder";
        }
      return result;
    }

    const std::filesystem::path path;

  private:
    static inline unsigned int n_folders = 0;
  };

  /// As long as it lives, no file can grow beyond some size. To a program this
  /// is what a full disk is.
  class FullDisk
  {
  public:
    explicit FullDisk(const std::size_t n_bytes)
      : old_handler(std::signal(SIGXFSZ, SIG_IGN))
    {
      getrlimit(RLIMIT_FSIZE, &old_limit);
      rlimit limit   = old_limit;
      limit.rlim_cur = n_bytes;
      setrlimit(RLIMIT_FSIZE, &limit);
    }

    FullDisk(const FullDisk &) = delete;

    ~FullDisk()
    {
      setrlimit(RLIMIT_FSIZE, &old_limit);
      std::signal(SIGXFSZ, old_handler);
    }

  private:
    rlimit old_limit;
    void (*old_handler)(int);
  };
} // namespace lsr::test

#endif
