// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/grid_parameters.h"

#include <lsr/base/exceptions.h>

#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <algorithm>
#include <cmath>

#include "source/refine/number_arrays.h"

namespace lsr
{
  void
  GridParameters::add_to(dealii::ParameterAcceptor &section)
  {
    using namespace dealii::Patterns;
    section.add_parameter(
      "Points",
      n_points,
      "For a network that maps fields on a regular grid to fields "
      "on it (FNO, U-Net, transformer), the number of points in "
      "each direction; it takes a tensor [1, channels, points...]. "
      "The first axis is that of x. Empty: the network is a "
      "function of points.",
      section.prm,
      List(Integer(2), 0, 3));
    section.add_parameter(
      "Point file",
      point_file,
      "In the place of Points, for a network on points of its own (graph "
      "network, point cloud): a file with their coordinates, [points, "
      "dimensions], as --export-mesh writes it; .npy, .npz or HDF5 with the "
      "array 'points', relative to the folder of this file. The network takes "
      "a tensor [1, channels, points] and returns such a one.");
    section.add_parameter(
      "Lower",
      lower,
      "Coordinates of the corner of the box that the grid covers. "
      "Empty: zeros.",
      section.prm,
      List(Double(), 0, 3));
    section.add_parameter(
      "Upper",
      upper,
      "Coordinates of the corner on the other side. Empty: ones.",
      section.prm,
      List(Double(), 0, 3));
    section.add_parameter(
      "Placement",
      placement,
      "Where the points are: vertices (both ends are points), "
      "centers (of as many cells), or periodic (the upper end is "
      "the lower one, and no point). One word for all directions, or "
      "one for each.",
      section.prm,
      List(Selection("vertices|centers|periodic"), 1, 3));
    section.add_parameter(
      "Channels",
      channels,
      "Whether channels come first, [1, channels, points...], or "
      "last, [1, points..., channels], in input and output.",
      section.prm,
      Selection("first|last"));
    section.add_parameter(
      "Inputs",
      inputs,
      "The fields that the network takes, one expression in x, y, "
      "z for each channel, separated by semicolons. Functions of "
      "the equation (Equation/Functions) may stand in them by "
      "name.");
    section.add_parameter(
      "File",
      file,
      "In the place of expressions, the input fields: an array "
      "[channels, points...] (or with channels last) in .npy, .npz or HDF5, or "
      "such an array for each instance, relative to the folder of "
      "this file.");
    section.add_parameter("Input channels",
                          n_channels,
                          "Number of fields in File.",
                          section.prm,
                          Integer(1));
    section.add_parameter(
      "Interpolation",
      between,
      "How fields are read between the points of the grid: linear, "
      "cubic, or spectral (by trigonometric polynomials in periodic "
      "directions, cubic in others). Nodes that are points of the "
      "grid take its values.",
      section.prm,
      Selection("linear|cubic|spectral"));
  }



  namespace
  {
    /// The coordinates of points in a file.
    NumberArray
    point_array(const std::string &file)
    {
      auto       arrays = read_number_arrays(file);
      const auto found  = arrays.find(arrays.count("") > 0 ? "" : "points");
      require(found != arrays.end(),
              file + ": there is no array 'points', expected the coordinates "
                     "of the network's points.");
      const NumberArray &array = found->second;
      require(array.shape.size() == 2 && array.shape[0] > 1,
              file + ": points are an array " + to_string(array.shape) +
                ", expected points x dimensions.");
      return array;
    }
  } // namespace



  Block
  GridParameters::points(const unsigned int dim) const
  {
    const NumberArray array = point_array(point_file);
    const std::size_t n     = array.shape[0];
    require(array.shape[1] == dim,
            point_file + ": points of " + std::to_string(array.shape[1]) +
              " coordinates, expected " + std::to_string(dim) + ".");
    const HostBlock points = to_host(make_zero_block(dim, n));
    for (std::size_t i = 0; i < n; ++i)
      for (unsigned int d = 0; d < dim; ++d)
        points(d, i) = array.values[i * dim + d];
    return to_memory_space(points);
  }



  std::size_t
  GridParameters::n_grid_points() const
  {
    require(n_points.empty() || !has_points(),
            "Network/Grid/Points and Network/Grid/Point file are both given, "
            "expected one of them.");
    std::size_t n = has_points() ? point_array(point_file).shape[0] : 1;
    for (const unsigned int points : n_points)
      n *= points;
    return n;
  }



  std::vector<std::size_t>
  GridParameters::sample_sizes() const
  {
    std::vector<std::size_t> sizes(n_points.begin(), n_points.end());
    if (has_points())
      sizes = {n_grid_points()};
    sizes.insert(channels_last() ? sizes.end() : sizes.begin(),
                 file.empty() ? expressions().size() : n_channels);
    return sizes;
  }



  std::size_t
  GridParameters::n_inputs() const
  {
    return (file.empty() ? expressions().size() : n_channels) * n_grid_points();
  }



  std::vector<std::string>
  GridParameters::expressions() const
  {
    require(inputs.empty() != file.empty(),
            "Network/Grid/Inputs and Network/Grid/File are " +
              std::string(file.empty() ? "empty" : "both given") +
              ", expected one of them: what the network takes on its grid.");
    if (inputs.empty())
      return {};
    return dealii::Utilities::split_string_list(inputs, ';');
  }



  template <int dim>
  RegularGrid<dim>
  GridParameters::grid() const
  {
    const auto check = [](const std::size_t found, const std::string &name) {
      require(found == dim,
              "Network/Grid/" + name + " has " + std::to_string(found) +
                " entries, expected one for each of the " +
                std::to_string(dim) + " dimensions.");
    };
    RegularGrid<dim> grid;
    check(n_points.size(), "Points");
    std::copy(n_points.begin(), n_points.end(), grid.n_points.begin());
    if (!lower.empty())
      check(lower.size(), "Lower");
    if (!upper.empty())
      check(upper.size(), "Upper");
    for (unsigned int d = 0; d < dim; ++d)
      {
        grid.lower[d] = lower.empty() ? 0. : lower[d];
        grid.upper[d] = upper.empty() ? 1. : upper[d];
        require(grid.lower[d] < grid.upper[d],
                "Network/Grid/Upper is not above Lower.");
      }
    using Placement = typename RegularGrid<dim>::Placement;
    if (placement.size() > 1)
      check(placement.size(), "Placement");
    for (unsigned int d = 0; d < dim; ++d)
      {
        const std::string &where = placement[placement.size() > 1 ? d : 0];
        grid.placement[d]        = where == "vertices" ? Placement::vertices :
                                   where == "centers"  ? Placement::centers :
                                                         Placement::periodic;
      }
    grid.channels_last = channels_last();
    return grid;
  }



  Block
  GridParameters::read_sample(const std::size_t instance) const
  {
    const auto arrays = read_number_arrays(file);
    require(arrays.size() == 1,
            file + ": " + std::to_string(arrays.size()) +
              " arrays, expected one, of the input fields.");
    const NumberArray             &array    = arrays.begin()->second;
    const std::vector<std::size_t> expected = sample_sizes();
    const bool many = array.shape.size() == expected.size() + 1;
    require(array.shape.size() >= expected.size() &&
              std::equal(expected.rbegin(),
                         expected.rend(),
                         array.shape.rbegin()) &&
              (many || array.shape.size() == expected.size()) &&
              (!many || array.shape[0] > instance),
            file + ": an array " + to_string(array.shape) + ", expected " +
              to_string(expected) +
              " for Network/Grid, and before it, where there are instances, "
              "their number.");
    require(many || instance == 0,
            file + ": one sample, expected one for each instance.");
    const HostBlock sample = to_host(make_zero_block(n_inputs(), 1));
    for (std::size_t i = 0; i < sample.extent(0); ++i)
      {
        sample(i, 0) = array.values[instance * sample.extent(0) + i];
        require(std::isfinite(sample(i, 0)),
                file + ": numbers that are not finite.");
      }
    return to_memory_space(sample);
  }



  GridInterpolation
  GridParameters::interpolation() const
  {
    return between == "linear" ? GridInterpolation::linear :
           between == "cubic"  ? GridInterpolation::cubic :
                                 GridInterpolation::spectral;
  }



  template RegularGrid<1>
  GridParameters::grid() const;
  template RegularGrid<2>
  GridParameters::grid() const;
  template RegularGrid<3>
  GridParameters::grid() const;
} // namespace lsr
