// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace lsr
{
  namespace
  {
    namespace fs = std::filesystem;

    std::string
    reason(const int error_number)
    {
      return error_number != 0 ? std::generic_category().message(error_number) :
                                 "the data could not be written";
    }

    /// The name of a file that is removed at the end of its scope, if it is
    /// still there.
    struct TemporaryFile
    {
      explicit TemporaryFile(const fs::path &neighbour)
        : path(neighbour.string() + ".partial-" + std::to_string(getpid()))
      {}

      TemporaryFile(const TemporaryFile &) = delete;

      ~TemporaryFile()
      {
        std::error_code ignored;
        fs::remove(path, ignored);
      }

      const fs::path path;
    };

    /// Wait until the contents of a closed file are on the disk. File systems
    /// that cannot do this are no reason to fail.
    bool
    synchronize(const fs::path &path)
    {
      const int descriptor = open(path.c_str(), O_RDONLY);
      if (descriptor < 0)
        return false;
      const bool success = (fsync(descriptor) == 0 || errno == EINVAL);
      close(descriptor);
      return success;
    }
  } // namespace

  void
  write_atomically(const std::string                         &path,
                   const std::function<void(std::ostream &)> &writer)
  {
    const std::string   failure = "Cannot write the file '" + path + "': ";
    const TemporaryFile temporary(path);

    errno = 0;
    std::ofstream out(temporary.path, std::ios::binary | std::ios::trunc);
    require(out.is_open(), failure + reason(errno));

    errno = 0;
    writer(out);
    out.close();
    require(!out.fail(), failure + reason(errno));
    require(synchronize(temporary.path), failure + reason(errno));

    std::error_code error;
    fs::rename(temporary.path, path, error);
    require(!error, failure + error.message());
  }

  void
  prepare_output_folder(const std::string &path)
  {
    require(!path.empty(), "The name of the output folder is empty.");

    const std::string failure = "Cannot use the output folder '" + path + "': ";
    std::error_code   error;
    fs::create_directories(path, error);
    require(!error, failure + error.message());
    require(fs::is_directory(path, error), failure + "it is not a folder");

    // Whether files can be written is best seen by writing one: permission
    // bits tell little about read-only or full disks.
    const TemporaryFile probe(fs::path(path) / "probe");
    errno = 0;
    std::ofstream out(probe.path);
    out << "probe" << std::endl;
    out.close();
    require(!out.fail(),
            failure + "no file can be written there: " + reason(errno));
  }
} // namespace lsr
