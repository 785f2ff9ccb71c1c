// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/hdf5_file.h"

#include <lsr/base/exceptions.h>

#include <hdf5.h>

#include <algorithm>
#include <cmath>

namespace lsr
{
  namespace
  {
    /// An HDF5 identifier that is closed at the end of its scope.
    class Handle
    {
    public:
      Handle(const hid_t id, herr_t (*close)(hid_t), const std::string &failure)
        : id(id)
        , close(close)
      {
        require(id >= 0, failure);
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



    void
    write_array(const hid_t        file,
                const std::string &name,
                const HDF5Array   &array)
    {
      const std::string failure   = "HDF5 cannot write '" + name + "'";
      const hsize_t     extents[] = {array.n_rows, array.n_columns};
      const Handle      space(H5Screate_simple(2, extents, nullptr),
                         H5Sclose,
                         failure);
      const Handle      data_set(H5Dcreate2(file,
                                       name.c_str(),
                                       H5T_IEEE_F64LE,
                                       space,
                                       H5P_DEFAULT,
                                       H5P_DEFAULT,
                                       H5P_DEFAULT),
                            H5Dclose,
                            failure);
      require(array.values.empty() || H5Dwrite(data_set,
                                               H5T_NATIVE_DOUBLE,
                                               H5S_ALL,
                                               H5S_ALL,
                                               H5P_DEFAULT,
                                               array.values.data()) >= 0,
              failure);
    }
  } // namespace



  HDF5File::HDF5File(const std::string &path)
    : path(path)
  {
    keep_quiet();
    file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    require(file >= 0, path + ": not an HDF5 file, or damaged");
  }



  HDF5File::~HDF5File()
  {
    H5Fclose(file);
  }



  bool
  HDF5File::contains(const std::string &name) const
  {
    return H5Lexists(file, name.c_str(), H5P_DEFAULT) > 0;
  }



  HDF5Array
  HDF5File::read(const std::string &name) const
  {
    require(contains(name), path + ": the data set '" + name + "' is missing");
    const std::string failure =
      path + ": '" + name + "' cannot be read as numbers";
    const Handle data_set(H5Dopen2(file, name.c_str(), H5P_DEFAULT),
                          H5Dclose,
                          failure);
    const Handle space(H5Dget_space(data_set), H5Sclose, failure);
    const int    n_dimensions = H5Sget_simple_extent_ndims(space);
    require(n_dimensions == 1 || n_dimensions == 2,
            path + ": '" + name + "' has " + std::to_string(n_dimensions) +
              " dimensions, expected 1 or 2");
    hsize_t extents[2] = {0, 1};
    H5Sget_simple_extent_dims(space, extents, nullptr);

    HDF5Array array{extents[0], extents[1], {}};
    array.values.resize(array.n_rows * array.n_columns);
    require(array.values.empty() || H5Dread(data_set,
                                            H5T_NATIVE_DOUBLE,
                                            H5S_ALL,
                                            H5S_ALL,
                                            H5P_DEFAULT,
                                            array.values.data()) >= 0,
            failure);
    const auto bad =
      std::find_if_not(array.values.begin(), array.values.end(), [](double x) {
        return std::isfinite(x);
      });
    require(bad == array.values.end(),
            path + ": '" + name + "' has an entry that is not finite in row " +
              std::to_string((bad - array.values.begin()) / array.n_columns +
                             1));
    return array;
  }



  std::string
  hdf5_image(const std::map<std::string, HDF5Array> &arrays)
  {
    keep_quiet();
    const std::string failure = "HDF5 cannot make a file in memory";
    const Handle      access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, failure);
    // In memory only, in steps of a megabyte.
    require(H5Pset_fapl_core(access, 1 << 20, false) >= 0, failure);
    const Handle file(H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access),
                      H5Fclose,
                      failure);
    for (const auto &[name, array] : arrays)
      write_array(file, name, array);
    require(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0, failure);

    const ssize_t size = H5Fget_file_image(file, nullptr, 0);
    require(size > 0, failure);
    std::string image(size, '\0');
    require(H5Fget_file_image(file, &image[0], image.size()) == size, failure);
    return image;
  }
} // namespace lsr
