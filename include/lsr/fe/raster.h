// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_raster_h
#define lsr_fe_raster_h

#include <lsr/fe/compared_fields.h>

#include <deal.II/base/mpi_remote_point_evaluation.h>
#include <deal.II/base/point.h>

#include <array>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * The values of a field on a regular grid of points, for pictures.
   *
   * The points fill the rectangle between the corners @p lower and @p upper,
   * which are among them; they are ordered with the first coordinate running
   * fastest. A raster with one point in the second direction is a curve.
   */
  struct Raster
  {
    std::string                 title;
    std::array<unsigned int, 2> n_points = {{0, 0}};
    std::array<double, 2>       lower    = {{0., 0.}};
    std::array<double, 2>       upper    = {{0., 0.}};

    /// One value for each point; NaN where the point is outside of the domain.
    std::vector<double> values;

    bool
    is_curve() const
    {
      return n_points[1] == 1;
    }
  };

  /// The values of @p raster minus those of @p reference at the same points.
  Raster
  difference(Raster raster, const Raster &reference);

  /// The absolute values of @p raster.
  Raster
  absolute(Raster raster);

  /**
   * Takes samples of finite-element fields and functions on a raster over the
   * bounding box of a mesh: all of it in 1D and 2D, in 3D the plane in the
   * middle, normal to the third axis.
   *
   * The mesh may be distributed; rank 0 receives the samples, on all other
   * ranks the rasters are empty. All functions are collective. Points between
   * cells get the average of the values from all sides.
   */
  template <int dim>
  class RasterSampler
  {
  public:
    /// Samples in one direction where nothing else is asked for.
    static constexpr unsigned int default_n_points =
      (dim == 1 ? 513 : (dim == 2 ? 385 : 257));

    /// Find the cells of all points. The mesh must not change later on.
    RasterSampler(const dealii::Mapping<dim>    &mapping,
                  const dealii::DoFHandler<dim> &dof_handler,
                  const unsigned int             n_points = default_n_points);

    /// Sample a component of a finite-element field.
    Raster
    sample(const std::string &title,
           const FEVector    &field,
           const unsigned int component = 0) const;

    /// Sample a component of a function, inside the mesh. The function is
    /// evaluated on rank 0.
    Raster
    sample(const std::string           &title,
           const dealii::Function<dim> &function,
           const unsigned int           component = 0) const;

  private:
    const dealii::DoFHandler<dim>                     &dof_handler;
    std::vector<dealii::Point<dim>>                    points;
    dealii::Utilities::MPI::RemotePointEvaluation<dim> cells;

    /// A raster without values, whose title is what is added to all titles:
    /// where the plane is in 3D.
    Raster form;
  };

  /// The samples of all compared fields, by component: what Pictures draw.
  struct ComparisonRasters
  {
    /// For each component: network, refined, finite elements and, where it is
    /// known, the exact solution.
    std::vector<std::vector<Raster>> fields;

    /// For each component the absolute errors of network, refined and finite
    /// elements against the exact solution; where it is not known, those of the
    /// first two against the finite elements.
    std::vector<std::vector<Raster>> errors;
  };

  /// Sample @p fields with @p n_points in each direction. Collective; the
  /// rasters are on rank 0.
  template <int dim>
  ComparisonRasters
  sample(const ComparedFields<dim> &fields,
         const unsigned int n_points = RasterSampler<dim>::default_n_points);
} // namespace lsr

#endif
