// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/zip_archive.h"

#include <lsr/base/exceptions.h>

#include <zip.h>

#include <algorithm>
#include <memory>

namespace lsr
{
  namespace
  {
    [[noreturn]] void
    fail(const std::string &where, zip_error_t *error)
    {
      const std::string reason = zip_error_strerror(error);
      zip_error_fini(error);
      throw Error(where + ": " + reason);
    }
  } // namespace



  bool
  ZipArchive::recognizes(const std::string &bytes)
  {
    return bytes.compare(0, 4, "PK\3\4") == 0 ||
           bytes.compare(0, 4, "PK\5\6") == 0;
  }



  ZipArchive::ZipArchive(const std::string &bytes, const std::string &name)
    : name(name)
  {
    // To libzip, nothing at all is an archive without files.
    require(recognizes(bytes), name + ": not a complete zip archive");
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source =
      zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    if (source)
      archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (!archive)
      {
        zip_source_free(source);
        fail(name + ": not a complete zip archive", &error);
      }
    zip_error_fini(&error);

    const zip_int64_t n_files = zip_get_num_entries(archive, 0);
    for (zip_int64_t i = 0; i < n_files; ++i)
      path_list.emplace_back(zip_get_name(archive, i, ZIP_FL_ENC_RAW));
  }



  ZipArchive::~ZipArchive()
  {
    zip_discard(archive);
  }



  const std::vector<std::string> &
  ZipArchive::paths() const
  {
    return path_list;
  }



  bool
  ZipArchive::contains(const std::string &path) const
  {
    return std::find(path_list.begin(), path_list.end(), path) !=
           path_list.end();
  }



  std::string
  ZipArchive::read(const std::string &path, const std::size_t max_size) const
  {
    const auto place = std::find(path_list.begin(), path_list.end(), path);
    require(place != path_list.end(),
            name + ": there is no " + path + " inside");
    const zip_uint64_t index = place - path_list.begin();

    zip_stat_t status;
    zip_stat_init(&status);
    require(zip_stat_index(archive, index, 0, &status) == 0 &&
              (status.valid & ZIP_STAT_SIZE) && status.size <= max_size,
            name + ": " + path + " inside has no size, or one above " +
              std::to_string(max_size) + " bytes");

    const std::unique_ptr<zip_file_t, int (*)(zip_file_t *)> file(
      zip_fopen_index(archive, index, 0), &zip_fclose);
    require(file != nullptr,
            name + ": " + path +
              " inside cannot be read: " + zip_strerror(archive));

    // The size that is stored may be wrong: grow with what is really there, up
    // to it. The checksum is compared at the end of the file.
    std::string        content;
    const zip_uint64_t chunk = std::min<zip_uint64_t>(1 << 20, status.size + 1);
    zip_int64_t        n_read;
    do
      {
        const std::size_t size = content.size();
        content.resize(size + chunk);
        n_read = zip_fread(file.get(), content.data() + size, chunk);
        require(n_read >= 0,
                name + ": " + path +
                  " inside is damaged: " + zip_file_strerror(file.get()));
        content.resize(size + n_read);
        require(content.size() <= status.size,
                name + ": " + path + " inside is damaged: larger than it says");
      }
    while (n_read > 0);
    require(content.size() == status.size,
            name + ": " + path + " inside is incomplete");
    return content;
  }



  std::string
  make_zip_archive(const std::map<std::string, std::string> &files)
  {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *target = zip_source_buffer_create(nullptr, 0, 0, &error);
    require(target != nullptr, "zip archive: no memory");
    zip_source_keep(target); // zip_close() would free it
    zip_t *archive =
      zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error);
    bool good = archive != nullptr;
    for (const auto &[path, content] : files)
      {
        zip_source_t *source =
          good ? zip_source_buffer(archive, content.data(), content.size(), 0) :
                 nullptr;
        const zip_int64_t index =
          source ? zip_file_add(archive, path.c_str(), source, 0) : -1;
        good = index >= 0 &&
               zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) == 0 &&
               // The first time that the format knows.
               zip_file_set_dostime(archive, index, 0, (1 << 5) | 1, 0) == 0;
        if (!good)
          break;
      }
    good = good && zip_close(archive) == 0;

    zip_stat_t status;
    zip_stat_init(&status);
    good = good && zip_source_stat(target, &status) == 0 &&
           zip_source_open(target) == 0;
    std::string bytes;
    if (good)
      {
        bytes.resize(status.size);
        good = zip_source_read(target, bytes.data(), bytes.size()) ==
               zip_int64_t(bytes.size());
        zip_source_close(target);
      }
    zip_source_free(target);
    require(good, "zip archive: cannot be put together");
    return bytes;
  }
} // namespace lsr
