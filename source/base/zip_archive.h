// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_zip_archive_h
#define lsr_base_zip_archive_h

#include <map>
#include <string>
#include <vector>

struct zip;

namespace lsr
{
  /**
   * The files inside a zip archive that is held in memory: what torch.save,
   * torch.export and numpy.savez write. Checksums of the archive are compared
   * when a file is read.
   */
  class ZipArchive
  {
  public:
    /// Whether @p bytes begin as a zip archive does.
    static bool
    recognizes(const std::string &bytes);

    /// Throws lsr::Error with @p name in front if @p bytes, which have to
    /// outlive the archive, are not a complete zip archive.
    ZipArchive(const std::string &bytes, const std::string &name);

    ~ZipArchive();

    ZipArchive(const ZipArchive &) = delete;
    ZipArchive &
    operator=(const ZipArchive &) = delete;

    /// The paths inside, in the order in which they are stored.
    const std::vector<std::string> &
    paths() const;

    bool
    contains(const std::string &path) const;

    /// The content of a file; throws lsr::Error where there is none of this
    /// path, it is damaged, or it is larger than @p max_size bytes.
    std::string
    read(const std::string &path,
         const std::size_t  max_size = std::size_t(1) << 36) const;

  private:
    std::string              name;
    zip                     *archive = nullptr;
    std::vector<std::string> path_list;
  };



  /// The bytes of a zip archive of the given files (path and content), stored
  /// without compression and without times: equal files make equal archives.
  std::string
  make_zip_archive(const std::map<std::string, std::string> &files);
} // namespace lsr

#endif
