// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/data-driven-operators/burgers_data.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>

#include <cmath>

#include "applications/studies/data-driven-operators/operator_networks.h"
#include "applications/studies/random-fields/solutions.h"

namespace lsr_studies
{
  namespace
  {
    constexpr double viscosity = 0.1 / M_PI;

    double
    grid_point(const unsigned int j)
    {
      return -1 + 2. * j / n_sensors;
    }



    /// The published covariance is 49^2 (-d^2/dx^2 + 49)^-2.
    GaussianField
    published_field()
    {
      GaussianField field;
      field.standard_deviation.push_back(M_SQRT1_2);
      for (unsigned int k = 1; k <= 32; ++k)
        field.standard_deviation.push_back(49 / (std::pow(M_PI * k, 2) + 49));
      return field;
    }
  } // namespace



  GaussianField
  BurgersData::initial_values() const
  {
    require(field == "smooth" || field == "published",
            "unknown field '" + field + "', expected smooth or published");
    require(std::isfinite(tau2) && tau2 > 0,
            "tau^2 = " + std::to_string(tau2) + ": a positive number expected");
    return field == "published" ?
             published_field() :
             rational_field(0.5 * tau2 * tau2, std::sqrt(tau2), 2, false);
  }



  DataSet
  BurgersData::on_grid() const
  {
    const GaussianField field = initial_values();
    const std::size_t   n     = n_test + n_validation + n_fit;
    const HostBlock     points("points", n_sensors, n);
    const HostColumn    targets("targets", n_sensors * n);
    DataSet             data;
    std::mt19937_64     generator(seed);
    for (std::size_t i = 0; i < n; ++i)
      {
        const FourierSeries           u0 = field.sample(generator);
        const PeriodicBurgersSolution u(u0, viscosity, n_quadrature);
        for (unsigned int j = 0; j < n_sensors; ++j)
          {
            points(j, i)               = u0(grid_point(j));
            targets(n_sensors * i + j) = u(grid_point(j), 1);
          }
        data.part.push_back(i < n_test                ? DataSet::test :
                            i < n_test + n_validation ? DataSet::validation :
                                                        DataSet::fit);
      }
    data.points  = to_memory_space(points);
    data.targets = to_memory_space(targets);
    return data;
  }



  DataSet
  as_rows(const DataSet &on_grid)
  {
    const std::size_t n         = on_grid.n_points();
    const HostBlock   functions = to_host(on_grid.points),
                    points = to_host(make_block(n_sensors + 1, n_sensors * n));
    DataSet rows;
    rows.targets = on_grid.targets;
    for (std::size_t i = 0, row = 0; i < n; ++i)
      for (unsigned int j = 0; j < n_sensors; ++j, ++row)
        {
          for (unsigned int s = 0; s < n_sensors; ++s)
            points(s, row) = functions(s, i);
          points(n_sensors, row) = grid_point(j);
          rows.group.push_back(i);
          if (!on_grid.part.empty())
            rows.part.push_back(on_grid.part[i]);
        }
    rows.points = to_memory_space(points);
    return rows;
  }
} // namespace lsr_studies
