// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_grid_parameters_h
#define lsr_applications_grid_parameters_h

#include <lsr/fe/grid_sampling.h>

#include <deal.II/base/parameter_acceptor.h>

#include <string>
#include <vector>

namespace lsr
{
  /// The part of a parameter file for a network that maps fields on a regular
  /// grid, or at points of its own, to fields there.
  class GridParameters
  {
  public:
    /// Add the parameters to @p section, which has to outlive this object.
    void
    add_to(dealii::ParameterAcceptor &section);

    /// Whether there is no grid: the network is a function of points.
    bool
    empty() const
    {
      return n_points.empty() && point_file.empty();
    }

    /// Whether there are points in a file in the place of a regular grid.
    bool
    has_points() const
    {
      return !point_file.empty();
    }

    /// These, coordinates $\times$ points.
    Block
    points(const unsigned int dim) const;

    std::size_t
    n_grid_points() const;

    /// Entries of a sample of the input.
    std::size_t
    n_inputs() const;

    /// Its sizes.
    std::vector<std::size_t>
    sample_sizes() const;

    /// Throws if the parameters are not for this dimension.
    template <int dim>
    RegularGrid<dim>
    grid() const;

    /// The texts of the input fields; empty: they are in a file.
    std::vector<std::string>
    expressions() const;

    /// The sample number @p instance in the file of inputs, one column.
    Block
    read_sample(const std::size_t instance = 0) const;

    GridInterpolation
    interpolation() const;

    bool
    channels_last() const
    {
      return channels == "last";
    }

  private:
    std::vector<unsigned int> n_points;
    std::vector<double>       lower, upper;
    std::string               point_file, inputs, file;
    unsigned int              n_channels = 1;
    std::vector<std::string>  placement  = {"vertices"};
    std::string               channels   = "first";
    std::string               between    = "cubic";
  };
} // namespace lsr

#endif
