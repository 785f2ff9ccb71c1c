// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/function-approximation/approximation.h"

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/network/fully_connected.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>

#include <cmath>
#include <random>
#include <string>

#include "applications/studies/baselines/adam.h"
#include "network/jacobian.h"
#include "network/lbfgs.h"

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
    const Column f = make_column(data.targets.size());
    network.evaluate(data.points, f, correction);
    KokkosBlas::axpy(-1., data.targets, f);
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



  LinearizedProblem::LinearizedProblem(const Network &network,
                                       const DataSet &data)
    : network(network)
    , rows(NetworkJacobian(network, data.points)
             .rank_one_rows(std::vector<unsigned int>(data.n_points(), 0)))
    , f(errors(network, data))
  {
    std::size_t n_weights = 0;
    for (std::size_t l = 0; l < rows.left.size(); ++l)
      n_weights += rows.left[l].extent(0) * rows.right[l].extent(0);
    require(n_weights == network.n_parameters(),
            "the linearized problem: " +
              std::to_string(network.n_parameters()) +
              " parameters, expected weights and biases of linear layers, " +
              std::to_string(n_weights));
  }



  Column
  LinearizedProblem::times(const Column &v) const
  {
    const std::size_t n       = f.size();
    const Column      product = make_column(n);
    std::size_t       offset  = 0;
    for (std::size_t l = 0; l < rows.left.size(); ++l)
      {
        // The weights of a layer row by row, then its biases.
        const Block       left = rows.left[l], right = rows.right[l];
        const std::size_t n_out = left.extent(0), n_in = right.extent(0) - 1;
        const Block       weights(v.data() + offset, n_in, n_out);
        const Block       biases(v.data() + offset + n_in * n_out, 1, n_out);
        offset += (n_in + 1) * n_out;

        const Block slopes = make_block(n_in + 1, n);
        multiply(1., 'N', weights, 'N', left, 0., lsr::rows(slopes, 0, n_in));
        multiply(
          1., 'N', biases, 'N', left, 0., lsr::rows(slopes, n_in, n_in + 1));
        Kokkos::parallel_for(
          "lsr::LinearizedProblem",
          Kokkos::RangePolicy<ExecutionSpace>(0, n),
          KOKKOS_LAMBDA(const std::size_t i) {
            double sum = 0.;
            for (std::size_t k = 0; k <= n_in; ++k)
              sum += slopes(k, i) * right(k, i);
            product(i) += sum;
          });
      }
    Kokkos::fence();
    return product;
  }



  Column
  LinearizedProblem::transposed_times(const Column &u) const
  {
    return NetworkJacobian::expand(network, rows, u);
  }



  double
  LinearizedProblem::loss(const Column &v, const Column &gradient) const
  {
    const Column e = times(v);
    KokkosBlas::axpy(1., f, e);
    KokkosBlas::scal(gradient, 2. / f.size(), transposed_times(e));
    return mean_square(e);
  }



  namespace
  {
    void
    adam(const IterativeSolver   &solver,
         const LinearizedProblem &problem,
         const Column            &x,
         const ProgressOfSolver  &progress)
    {
      const Column gradient = make_column(x.size());
      Adam         adam(x.size());
      for (unsigned int i = 0; i < solver.n_iterations; ++i)
        {
          progress(i, problem.loss(x, gradient));
          adam.step(x, gradient, solver.rate);
        }
      progress(solver.n_iterations, problem.loss(x, gradient));
    }



    void
    lbfgs(const IterativeSolver   &solver,
          const LinearizedProblem &problem,
          const Column            &x,
          const ProgressOfSolver  &progress)
    {
      unsigned int    n_products = 0;
      LBFGSParameters parameters;
      parameters.history        = solver.history;
      parameters.max_iterations = solver.n_iterations;
      parameters.go_on          = [&](unsigned int, const double best) {
        progress(n_products, best);
        return true;
      };
      progress(0, mean_square(problem.residual()));
      minimize_by_lbfgs(
        x,
        [&](const Column &v, const Column &gradient) {
          ++n_products;
          return problem.loss(v, gradient);
        },
        parameters);
    }



    void
    cgls(const IterativeSolver   &solver,
         const LinearizedProblem &problem,
         const Column            &x,
         const ProgressOfSolver  &progress)
    {
      const Column r = make_column(problem.residual().size()); // -f - J x
      KokkosBlas::scal(r, -1., problem.residual());
      Column       s     = problem.transposed_times(r);
      const Column p     = make_column(x.size());
      double       gamma = dot(s, s), beta = 0.;
      progress(0, mean_square(r));
      for (unsigned int i = 1; i <= solver.n_iterations && gamma > 0.; ++i)
        {
          KokkosBlas::axpby(1., s, beta, p);
          const Column q     = problem.times(p);
          const double alpha = gamma / dot(q, q);
          KokkosBlas::axpy(alpha, p, x);
          KokkosBlas::axpy(-alpha, q, r);
          s                      = problem.transposed_times(r);
          const double new_gamma = dot(s, s);
          beta                   = new_gamma / gamma;
          gamma                  = new_gamma;
          progress(i, mean_square(r));
        }
    }



    /// Divide by the norm, which is returned.
    double
    normalize(const Column &x)
    {
      const double length = norm(x);
      if (length > 0.)
        KokkosBlas::scal(x, 1. / length, x);
      return length;
    }



    void
    lsqr(const IterativeSolver   &solver,
         const LinearizedProblem &problem,
         const Column            &x,
         const ProgressOfSolver  &progress)
    {
      const Column u = make_column(problem.residual().size());
      KokkosBlas::scal(u, -1., problem.residual());
      double       phi   = normalize(u); // the norm of the residual
      const Column v     = problem.transposed_times(u);
      double       alpha = normalize(v), rho_bar = alpha;
      const Column w = make_column(x.size());
      KokkosBlas::axpy(1., v, w);
      progress(0, phi * phi / u.size());
      for (unsigned int i = 1; i <= solver.n_iterations && alpha * phi > 0.;
           ++i)
        {
          KokkosBlas::axpby(1., problem.times(v), -alpha, u);
          const double beta = normalize(u);
          KokkosBlas::axpby(1., problem.transposed_times(u), -beta, v);
          alpha = normalize(v);

          const double rho = std::hypot(rho_bar, beta);
          const double c = rho_bar / rho, s = beta / rho;
          KokkosBlas::axpy(c * phi / rho, w, x);
          KokkosBlas::axpby(1., v, -s * alpha / rho, w);
          rho_bar = -c * alpha;
          phi *= s;
          progress(i, phi * phi / u.size());
        }
    }
  } // namespace



  Column
  IterativeSolver::solve(const LinearizedProblem &problem,
                         const ProgressOfSolver  &progress) const
  {
    const Column x = make_column(problem.n_parameters());
    (method == "adam"  ? adam :
     method == "lbfgs" ? lbfgs :
     method == "cgls"  ? cgls :
                         lsqr)(*this, problem, x, progress);
    return x;
  }
} // namespace lsr_studies
