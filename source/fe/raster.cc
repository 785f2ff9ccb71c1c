// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/raster.h>

#include <deal.II/grid/grid_tools.h>
#include <deal.II/matrix_free/fe_point_evaluation.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <sstream>

#include "ghosted.h"

namespace lsr
{
  using namespace dealii;

  namespace
  {
    /// The corners of the box around the mesh on all ranks.
    template <int dim>
    std::pair<Point<dim>, Point<dim>>
    bounding_box(const Triangulation<dim> &triangulation)
    {
      auto [lower, upper] =
        GridTools::compute_bounding_box(triangulation).get_boundary_points();
      for (unsigned int d = 0; d < dim; ++d)
        {
          lower[d] =
            Utilities::MPI::min(lower[d], triangulation.get_communicator());
          upper[d] =
            Utilities::MPI::max(upper[d], triangulation.get_communicator());
        }
      return {lower, upper};
    }

    template <int dim>
    Raster
    raster_form(const Point<dim>  &lower,
                const Point<dim>  &upper,
                const unsigned int n_points)
    {
      Raster raster;
      raster.n_points = {{n_points, dim == 1 ? 1 : n_points}};
      for (unsigned int d = 0; d < (dim == 1 ? 1 : 2); ++d)
        {
          raster.lower[d] = lower[d];
          raster.upper[d] = upper[d];
        }
      if (dim == 3)
        {
          std::ostringstream where;
          where << ", z = " << (lower[dim - 1] + upper[dim - 1]) / 2;
          raster.title = where.str();
        }
      return raster;
    }

    template <int dim>
    std::vector<Point<dim>>
    raster_points(const Point<dim>                  &lower,
                  const Point<dim>                  &upper,
                  const std::array<unsigned int, 2> &n_points)
    {
      const auto coordinate = [&](const unsigned int d, const unsigned int i) {
        const double t = double(i) / (n_points[d] - 1);
        return (1 - t) * lower[d] + t * upper[d];
      };

      std::vector<Point<dim>> points;
      points.reserve(n_points[0] * n_points[1]);
      for (unsigned int j = 0; j < n_points[1]; ++j)
        for (unsigned int i = 0; i < n_points[0]; ++i)
          {
            Point<dim> point = lower + 0.5 * (upper - lower);
            point[0]         = coordinate(0, i);
            if (dim > 1)
              point[1] = coordinate(1, j);
            points.push_back(point);
          }
      return points;
    }
  } // namespace

  Raster
  difference(Raster raster, const Raster &reference)
  {
    for (std::size_t i = 0; i < raster.values.size(); ++i)
      raster.values[i] -= reference.values[i];
    return raster;
  }

  Raster
  absolute(Raster raster)
  {
    for (double &value : raster.values)
      value = std::abs(value);
    return raster;
  }

  template <int dim>
  RasterSampler<dim>::RasterSampler(const Mapping<dim>    &mapping,
                                    const DoFHandler<dim> &dof_handler,
                                    const unsigned int     n_points)
    : dof_handler(dof_handler)
  {
    AssertThrow(n_points >= 2,
                ExcMessage("A raster needs at least 2 points in each "
                           "direction, but " +
                           std::to_string(n_points) + " were asked for."));

    const Triangulation<dim> &triangulation = dof_handler.get_triangulation();
    const auto [lower, upper]               = bounding_box(triangulation);
    form = raster_form(lower, upper, n_points);
    if (Utilities::MPI::this_mpi_process(triangulation.get_communicator()) == 0)
      points = raster_points(lower, upper, form.n_points);
    cells.reinit(points, triangulation, mapping);
  }

  template <int dim>
  Raster
  RasterSampler<dim>::sample(const std::string &title,
                             const FEVector    &field,
                             const unsigned int component) const
  {
    const FEVector                 values = ghosted(dof_handler, field);
    const FiniteElement<dim>      &fe     = dof_handler.get_fe();
    FEPointEvaluation<1, dim, dim> evaluation(cells.get_mapping(),
                                              fe,
                                              update_values,
                                              component);
    std::vector<double>            cell_values(fe.n_dofs_per_cell());

    using CellData =
      typename Utilities::MPI::RemotePointEvaluation<dim>::CellData;
    const auto evaluate = [&](const ArrayView<double> &result,
                              const CellData          &data) {
      for (unsigned int c = 0; c < data.cells.size(); ++c)
        {
          const typename DoFHandler<dim>::active_cell_iterator cell(
            &cells.get_triangulation(),
            data.cells[c].first,
            data.cells[c].second,
            &dof_handler);
          cell->get_dof_values(values, cell_values.begin(), cell_values.end());

          const unsigned int begin = data.reference_point_ptrs[c];
          const unsigned int end   = data.reference_point_ptrs[c + 1];
          evaluation.reinit(cell,
                            ArrayView<const Point<dim>>(
                              data.reference_point_values.data() + begin,
                              end - begin));
          evaluation.evaluate(ArrayView<const double>(cell_values.data(),
                                                      cell_values.size()),
                              EvaluationFlags::values);
          for (unsigned int q = begin; q < end; ++q)
            result[q] = evaluation.get_value(q - begin);
        }
    };

    std::vector<double> samples, buffer;
    cells.template evaluate_and_process<double>(samples, buffer, evaluate);

    Raster                           raster = form;
    const std::vector<unsigned int> &first  = cells.get_point_ptrs();
    raster.title                            = title + form.title;
    raster.values.resize(points.size(),
                         std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < points.size(); ++i)
      if (first[i] < first[i + 1])
        raster.values[i] = std::accumulate(samples.begin() + first[i],
                                           samples.begin() + first[i + 1],
                                           0.) /
                           (first[i + 1] - first[i]);
    return raster;
  }

  template <int dim>
  Raster
  RasterSampler<dim>::sample(const std::string   &title,
                             const Function<dim> &function,
                             const unsigned int   component) const
  {
    Raster raster = form;
    raster.title  = title + form.title;
    raster.values.resize(points.size());
    if (!points.empty())
      function.value_list(points, raster.values, component);
    for (std::size_t i = 0; i < points.size(); ++i)
      if (!cells.point_found(i))
        raster.values[i] = std::numeric_limits<double>::quiet_NaN();
    return raster;
  }

  template <int dim>
  ComparisonRasters
  sample(const ComparedFields<dim> &fields, const unsigned int n_points)
  {
    const RasterSampler<dim> sampler(fields.mapping,
                                     fields.dof_handler,
                                     n_points);

    ComparisonRasters  rasters;
    const unsigned int n_components =
      fields.dof_handler.get_fe().n_components();
    for (unsigned int c = 0; c < n_components; ++c)
      {
        const std::string which =
          n_components > 1 ? ", component " + std::to_string(c) : "";
        std::vector<Raster> row = {
          sampler.sample("network" + which, fields.network, c),
          sampler.sample("refined" + which, fields.refined, c),
          sampler.sample("finite elements" + which, fields.fem, c)};
        if (fields.exact != nullptr)
          row.push_back(sampler.sample("exact" + which, *fields.exact, c));

        std::vector<Raster> errors;
        for (std::size_t f = 0; f + 1 < row.size(); ++f)
          errors.push_back(absolute(difference(row[f], row.back())));

        rasters.fields.push_back(std::move(row));
        rasters.errors.push_back(std::move(errors));
      }
    return rasters;
  }

#define LSR_INSTANTIATE(dim)         \
  template class RasterSampler<dim>; \
  template ComparisonRasters sample(const ComparedFields<dim> &, unsigned int);

  LSR_INSTANTIATE(1)
  LSR_INSTANTIATE(2)
  LSR_INSTANTIATE(3)

#undef LSR_INSTANTIATE
} // namespace lsr
