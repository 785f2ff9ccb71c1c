// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/hdf5_file.h"

#include <lsr/base/exceptions.h>

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>

#include "base/read_file.h"
#include "base/rehearse.h"

namespace lsr
{
  namespace
  {
    /// HDF5 does not say whether a file is damaged or the disk; errno does.
    std::string
    with_reason(const std::string &failure)
    {
      return errno == EIO ? failure + ": " + std::strerror(EIO) : failure;
    }



    /// An HDF5 identifier that is closed at the end of its scope.
    class Handle
    {
    public:
      Handle(const hid_t id, herr_t (*close)(hid_t), const std::string &failure)
        : id(id)
        , close(close)
      {
        require(id >= 0, with_reason(failure));
      }

      ~Handle()
      {
        close(id);
      }

      Handle(const Handle &) = delete;
      Handle &
      operator=(const Handle &) = delete;

      operator hid_t() const
      {
        return id;
      }

    private:
      const hid_t id;
      herr_t (*const close)(hid_t);
    };



    /// HDF5 prints its own stack of errors unless it is told not to.
    void
    keep_quiet()
    {
      H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }



    /// Write @p data, numbers of the type @p memory_type, as the type
    /// @p file_type.
    void
    write_entries(const hid_t                 file,
                  const std::string          &name,
                  const std::vector<hsize_t> &extents,
                  const hid_t                 file_type,
                  const hid_t                 memory_type,
                  const void                 *data)
    {
      const std::string failure = "HDF5 cannot write '" + name + "'";
      const Handle      space(extents.empty() ? H5Screate(H5S_SCALAR) :
                                           H5Screate_simple(extents.size(),
                                                            extents.data(),
                                                            nullptr),
                         H5Sclose,
                         failure);
      const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, failure);
      require(H5Pset_create_intermediate_group(links, 1) >= 0, failure);
      // The same content: the same file.
      const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, failure);
      require(H5Pset_obj_track_times(creation, false) >= 0, failure);
      const Handle data_set(
        H5Dcreate2(
          file, name.c_str(), file_type, space, links, creation, H5P_DEFAULT),
        H5Dclose,
        failure);
      require(H5Sget_simple_extent_npoints(space) == 0 ||
                H5Dwrite(
                  data_set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >=
                  0,
              failure);
    }



    /// The type of strings of @p size bytes.
    hid_t
    text_type(const std::size_t size)
    {
      const hid_t type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, std::max<std::size_t>(size, 1));
      H5Tset_strpad(type, H5T_STR_NULLPAD);
      H5Tset_cset(type, H5T_CSET_UTF8);
      return type;
    }



    void
    write_text(const hid_t        file,
               const std::string &name,
               const std::string &text)
    {
      const Handle type(text_type(text.size()),
                        H5Tclose,
                        "HDF5 cannot write '" + name + "'");
      write_entries(file, name, {}, type, type, text.c_str());
    }



    /// A data set that is read.
    struct DataSetToRead
    {
      DataSetToRead(const hid_t        file,
                    const std::string &name,
                    const std::string &failure)
        : failure(failure)
        , id(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose, failure)
        , space(H5Dget_space(id), H5Sclose, failure)
        , type(H5Dget_type(id), H5Tclose, failure)
      {}

      /// The number of its entries, where the file has data for so many.
      std::size_t
      n_entries() const
      {
        hsize_t   extents[H5S_MAX_RANK];
        const int n_indices =
          H5Sget_simple_extent_dims(space, extents, nullptr);
        std::size_t n = 1;
        for (int i = 0; i < n_indices; ++i)
          if (extents[i] == 0)
            return 0;
        for (int i = 0; i < n_indices; ++i)
          {
            require(n <= std::numeric_limits<std::size_t>::max() / extents[i],
                    failure + ": it is too large");
            n *= extents[i];
          }
        // HDF5 takes memory for what it converts, however large.
        const std::size_t size = H5Tget_size(type);
        require(size <= 16,
                failure + ": its entries have " + std::to_string(size) +
                  " bytes each");
        // Compression makes at most a thousand bytes of one.
        const std::size_t n_bytes = n_stored_bytes();
        require(n / 1100 <= n_bytes,
                failure + ": " + std::to_string(n) + " entries in " +
                  std::to_string(n_bytes) + " bytes");
        return n;
      }

      /// What the file has of them, whatever it says.
      std::size_t
      n_stored_bytes() const
      {
        const Handle file(H5Iget_file_id(id), H5Fclose, failure);
        hsize_t      of_file = 0;
        require(H5Fget_filesize(file, &of_file) >= 0, failure);
        return std::min(H5Dget_storage_size(id), of_file);
      }

      /// Into memory for all of its entries, of the type @p memory_type.
      void
      read(const hid_t memory_type, void *data) const
      {
        const bool success =
          H5Sget_simple_extent_npoints(space) == 0 ||
          H5Dread(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
        require(success, with_reason(failure));
      }

      const std::string failure;
      const Handle      id, space, type;
    };



    /// Rows and columns of a data set of one or two dimensions.
    std::array<std::size_t, 2>
    extents_of(const DataSetToRead &data_set, const std::string &what)
    {
      const int n_dimensions = H5Sget_simple_extent_ndims(data_set.space);
      require(n_dimensions == 1 || n_dimensions == 2,
              what + " has " + std::to_string(n_dimensions) +
                " dimensions, expected 1 or 2");
      hsize_t extents[2] = {0, 1};
      H5Sget_simple_extent_dims(data_set.space, extents, nullptr);
      return {extents[0], extents[1]};
    }
  } // namespace



  HDF5File::HDF5File(const std::string &path)
    : path(path)
  {
    keep_quiet();
    require_readable(path, "an HDF5 file");
    // Ten megabytes a second, which slow disks do not change.
    const std::uintmax_t seconds =
      5 + std::filesystem::file_size(path) / 10'000'000;
    rehearse(
      [&]() {
        open();
        read_all();
      },
      path + ": damaged, HDF5 cannot read it",
      seconds);
    open();
  }



  void
  HDF5File::open()
  {
    errno = 0;
    file  = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    require(file >= 0, with_reason(path + ": not an HDF5 file, or damaged"));
  }



  void
  HDF5File::read_all() const
  {
    const auto read = [](const hid_t,
                         const char *const name,
                         const H5L_info_t *,
                         void *const file) -> herr_t {
      // Groups in a circle have no end.
      if (std::strlen(name) > 4096)
        std::_Exit(EXIT_FAILURE);
      const auto &self = *static_cast<const HDF5File *>(file);
      try
        {
          self.read_array(name);
        }
      catch (const std::exception &)
        {
          try
            {
              self.read_text(name);
            }
          catch (const std::exception &)
            {} // not of our kinds
        }
      return 0;
    };
    H5Lvisit(
      file, H5_INDEX_NAME, H5_ITER_NATIVE, read, const_cast<HDF5File *>(this));
    names(); // looks at more of the file
  }



  HDF5File::~HDF5File()
  {
    H5Fclose(file);
  }



  bool
  HDF5File::contains(const std::string &name) const
  {
    const htri_t exists = H5Lexists(file, name.c_str(), H5P_DEFAULT);
    require(exists >= 0 || errno != EIO, with_reason(path));
    return exists > 0;
  }



  std::vector<std::string>
  HDF5File::names() const
  {
    H5G_info_t info;
    const bool has_list = H5Gget_info(file, &info) >= 0;
    require(has_list, with_reason(path + ": no list of data sets"));
    std::vector<std::string> names;
    for (hsize_t i = 0; i < info.nlinks; ++i)
      {
        const auto get = [&](char *const name, const std::size_t size) {
          return H5Lget_name_by_idx(
            file, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, size, H5P_DEFAULT);
        };
        const ssize_t length = get(nullptr, 0);
        require(length >= 0, with_reason(path + ": a data set has no name"));
        std::string name(length + 1, '\0');
        get(name.data(), name.size());
        name.pop_back();
        if (const hid_t id = H5Dopen2(file, name.c_str(), H5P_DEFAULT); id >= 0)
          {
            H5Dclose(id);
            names.push_back(name);
          }
        else
          require(errno != EIO, with_reason(path));
      }
    return names;
  }



  void
  HDF5File::require_data_set(const std::string &name) const
  {
    require(contains(name), path + ": the data set '" + name + "' is missing");
  }



  HDF5Array
  HDF5File::read(const std::string &name) const
  {
    require_data_set(name);
    const std::string   what = path + ": '" + name + "'";
    const DataSetToRead data_set(file,
                                 name,
                                 what + " cannot be read as numbers");
    const auto [n_rows, n_columns] = extents_of(data_set, what);

    HDF5Array array{n_rows, n_columns, {}};
    array.values.resize(data_set.n_entries());
    data_set.read(H5T_NATIVE_DOUBLE, array.values.data());
    const auto bad =
      std::find_if_not(array.values.begin(), array.values.end(), [](double x) {
        return std::isfinite(x);
      });
    if (bad != array.values.end())
      throw Error(what + " has an entry that is not finite in row " +
                  std::to_string((bad - array.values.begin()) / n_columns + 1));
    return array;
  }



  NumberArray
  HDF5File::read_array(const std::string &name) const
  {
    require_data_set(name);
    const std::string   what = path + ": '" + name + "'";
    const DataSetToRead data_set(file,
                                 name,
                                 what + " cannot be read as numbers");
    const int           n_indices = H5Sget_simple_extent_ndims(data_set.space);
    require(n_indices > 0, what + " is no array");
    std::vector<hsize_t> extents(n_indices);
    H5Sget_simple_extent_dims(data_set.space, extents.data(), nullptr);

    NumberArray array;
    array.shape.assign(extents.begin(), extents.end());
    array.values.resize(data_set.n_entries());
    data_set.read(H5T_NATIVE_DOUBLE, array.values.data());
    return array;
  }



  std::vector<std::int64_t>
  HDF5File::read_integers(const std::string &name) const
  {
    require_data_set(name);
    const std::string   what = path + ": '" + name + "'";
    const DataSetToRead data_set(file,
                                 name,
                                 what + " cannot be read as integers");
    require(H5Tget_class(data_set.type) == H5T_INTEGER,
            what + " has no integers");
    extents_of(data_set, what);

    std::vector<std::int64_t> values(data_set.n_entries());
    data_set.read(H5T_NATIVE_INT64, values.data());
    return values;
  }



  std::string
  HDF5File::read_text(const std::string &name) const
  {
    require_data_set(name);
    const std::string   what = path + ": '" + name + "'";
    const DataSetToRead data_set(file, name, what + " cannot be read as text");
    require(H5Tget_class(data_set.type) == H5T_STRING &&
              H5Sget_simple_extent_npoints(data_set.space) == 1,
            what + " is not one string");
    if (H5Tis_variable_str(data_set.type) > 0)
      {
        char *text = nullptr;
        data_set.read(data_set.type, &text);
        const std::string result = text == nullptr ? "" : text;
        H5Dvlen_reclaim(data_set.type, data_set.space, H5P_DEFAULT, &text);
        return result;
      }
    const std::size_t size = H5Tget_size(data_set.type);
    require(size / 1100 <= data_set.n_stored_bytes(), what + " is too long");
    std::string text(size, '\0');
    data_set.read(data_set.type, &text[0]);
    return text.c_str();
  }



  std::string
  HDF5File::read_bytes(const std::string &name) const
  {
    require_data_set(name);
    const std::string   what = path + ": '" + name + "'";
    const DataSetToRead data_set(file, name, what + " cannot be read as bytes");
    require(H5Tget_class(data_set.type) == H5T_INTEGER &&
              H5Tget_size(data_set.type) == 1 &&
              H5Sget_simple_extent_ndims(data_set.space) == 1,
            what + " is not one row of bytes");
    std::string bytes(data_set.n_entries(), '\0');
    data_set.read(data_set.type, &bytes[0]);
    return bytes;
  }



  std::string
  hdf5_image(const HDF5Content &content)
  {
    keep_quiet();
    const std::string failure = "HDF5 cannot make a file in memory";
    const Handle      access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, failure);
    // In memory only, in steps of a megabyte.
    require(H5Pset_fapl_core(access, 1 << 20, false) >= 0, failure);
    const Handle file(H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access),
                      H5Fclose,
                      failure);
    for (const auto &[name, array] : content.arrays)
      write_entries(file,
                    name,
                    {array.n_rows, array.n_columns},
                    H5T_IEEE_F64LE,
                    H5T_NATIVE_DOUBLE,
                    array.values.data());
    for (const auto &[name, values] : content.integers)
      {
        std::vector<hsize_t> extents = {values.size()};
        if (const auto found = content.n_columns.find(name);
            found != content.n_columns.end())
          extents = {values.size() / found->second, found->second};
        write_entries(
          file, name, extents, H5T_STD_I64LE, H5T_NATIVE_INT64, values.data());
      }
    for (const auto &[name, text] : content.texts)
      write_text(file, name, text);
    for (const auto &[name, bytes] : content.bytes)
      write_entries(file,
                    name,
                    {bytes.size()},
                    H5T_STD_U8LE,
                    H5T_NATIVE_UINT8,
                    bytes.data());
    require(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0, failure);

    const ssize_t size = H5Fget_file_image(file, nullptr, 0);
    require(size > 0, failure);
    std::string image(size, '\0');
    require(H5Fget_file_image(file, &image[0], image.size()) == size, failure);
    return image;
  }
} // namespace lsr
