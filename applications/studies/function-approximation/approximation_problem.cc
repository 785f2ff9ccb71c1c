// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/function-approximation/approximation_problem.h"

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>
#include <lsr/network/fully_connected.h>
#include <lsr/refine/data_misfit.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>

#include <cmath>
#include <functional>
#include <random>
#include <string>

namespace lsr_studies
{
  namespace
  {
    /// Points and the values of the function there.
    DataSet
    sample(const std::size_t                                  n_points,
           const std::function<double(std::size_t i, int d)> &coordinate)
    {
      const HostBlock  points("points", 2, n_points);
      const HostColumn targets("targets", n_points);
      for (std::size_t i = 0; i < n_points; ++i)
        {
          targets(i) = 1.;
          for (int d = 0; d < 2; ++d)
            {
              points(d, i) = coordinate(i, d);
              targets(i) *= std::sin(M_PI * points(d, i));
            }
        }
      DataSet data;
      data.points  = to_memory_space(points);
      data.targets = to_memory_space(targets);
      return data;
    }
  } // namespace



  ApproximationProblem::ApproximationProblem(const std::size_t   n_train,
                                             const std::size_t   n_test,
                                             const std::uint64_t seed)
  {
    constexpr std::size_t n_lattice = 100;

    require(n_train > 1 && n_test > 0,
            std::to_string(n_train) + " points to train on and " +
              std::to_string(n_test) +
              " to test with; at least 2 and 1 expected");
    ensure_kokkos_initialized();
    std::mt19937_64                        generator(seed);
    std::uniform_real_distribution<double> uniform(-1., 1.);
    const auto random = [&](std::size_t, int) { return uniform(generator); };
    train             = sample(n_train, random);
    test              = sample(n_test, random);
    lattice = sample(n_lattice * n_lattice, [](const std::size_t i, int d) {
      const std::size_t place = d == 0 ? i % n_lattice : i / n_lattice;
      return -1. + 2. * place / (n_lattice - 1);
    });
  }



  Network
  ApproximationProblem::make_network(const std::vector<unsigned int> &widths,
                                     const std::uint64_t seed) const
  {
    const HostBlock   points = to_host(train.points);
    const std::size_t n      = points.extent(1);
    FullyConnected    layout;
    layout.widths = widths;
    layout.seed   = seed;
    for (unsigned int d = 0; d < 2; ++d)
      {
        double mean = 0., variance = 0.;
        for (std::size_t i = 0; i < n; ++i)
          mean += points(d, i) / n;
        for (std::size_t i = 0; i < n; ++i)
          variance += std::pow(points(d, i) - mean, 2) / n;
        layout.input_shift.push_back(mean);
        layout.input_scale.push_back(1. / std::sqrt(variance));
      }
    return layout.build();
  }



  Column
  errors(const Network &network, const DataSet &data, const Column &correction)
  {
    const Column q = make_column(data.targets.size());
    const Column f = make_column(data.targets.size());
    network.evaluate(data.points, q, correction);
    DataMisfit(data.targets).evaluate(q, f);
    return f;
  }



  Column
  combination(const double a, const Column &x, const double b, const Column &y)
  {
    const Column sum = make_column(x.size());
    KokkosBlas::scal(sum, a, x);
    KokkosBlas::axpy(b, y, sum);
    return sum;
  }



  double
  mean_square(const Column &x)
  {
    return dot(x, x) / x.size();
  }
} // namespace lsr_studies
