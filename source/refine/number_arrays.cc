// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/number_arrays.h"

#include <lsr/base/exceptions.h>

#include <filesystem>

#include "base/npy.h"
#include "base/read_file.h"
#include "base/text.h"
#include "base/zip_archive.h"
#include "refine/hdf5_file.h"

namespace lsr
{
  namespace
  {
    NumberArray
    array_in_npy(const std::string &bytes, const std::string &what)
    {
      const NpyArray array = read_npy(bytes, what);
      return {{array.shape.begin(), array.shape.end()}, array.to_double(what)};
    }
  } // namespace



  std::map<std::string, NumberArray>
  read_number_arrays(const std::string &path)
  {
    std::map<std::string, NumberArray> arrays;
    const std::string                  bytes = read_file(path, "arrays");
    if (begins_with(bytes, "\x89HDF\r\n\x1a\n"))
      {
        const HDF5File file(path);
        for (const std::string &name : file.names())
          arrays[name] = file.read_array(name);
      }
    else if (ZipArchive::recognizes(bytes))
      {
        const ZipArchive archive(bytes, path);
        for (const std::string &file : archive.paths())
          if (std::filesystem::path(file).extension() == ".npy")
            {
              const std::string name = std::filesystem::path(file).stem();
              arrays[name] =
                array_in_npy(archive.read(file), path + ": '" + name + "'");
            }
      }
    else
      {
        require(is_npy(bytes),
                path + ": expected arrays in .npy, .npz or HDF5");
        arrays[""] = array_in_npy(bytes, path);
      }
    require(!arrays.empty(), path + ": there is no array in it");
    return arrays;
  }



  std::string
  to_string(const std::vector<std::size_t> &shape)
  {
    std::string text;
    for (const std::size_t n : shape)
      text += (text.empty() ? "" : " x ") + std::to_string(n);
    return text;
  }
} // namespace lsr
