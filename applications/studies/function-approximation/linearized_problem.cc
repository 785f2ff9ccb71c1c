// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/function-approximation/linearized_problem.h"

#include <lsr/base/exceptions.h>
#include <lsr/dense/blas.h>
#include <lsr/network/lbfgs.h>

#include <KokkosBlas1_axpby.hpp>
#include <KokkosBlas1_scal.hpp>

#include <cmath>
#include <string>

#include "applications/studies/baselines/adam.h"
#include "applications/studies/function-approximation/approximation_problem.h"

namespace lsr_studies
{
  namespace
  {
    /// How many parameters the weight matrices have.
    std::size_t
    n_weights(const RankOneDirections &rows)
    {
      std::size_t n = 0;
      for (std::size_t l = 0; l < rows.left.size(); ++l)
        n += rows.left[l].extent(0) * rows.right[l].extent(0);
      return n;
    }
  } // namespace



  LinearizedProblem::LinearizedProblem(const Network &network,
                                       const DataSet &data)
    : network(network)
    , rows(network.rank_one_rows(data.points,
                                 std::vector<unsigned int>(data.n_points(), 0)))
    , f(errors(network, data))
  {
    require(n_weights(rows) == network.n_parameters(),
            "the linearized problem: " +
              std::to_string(network.n_parameters()) +
              " parameters, expected weights and biases of linear layers, " +
              std::to_string(n_weights(rows)));
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
    return network.expand(rows, u);
  }



  double
  LinearizedProblem::loss(const Column &v, const Column &gradient) const
  {
    const Column e = times(v);
    KokkosBlas::axpy(1., f, e);
    KokkosBlas::scal(gradient, 2. / f.size(), transposed_times(e));
    return mean_square(e);
  }



  Column
  solve_by_adam(const LinearizedProblem &problem,
                const double             rate,
                const unsigned int       n_iterations,
                const ProgressOfSolver  &progress)
  {
    const Column x        = make_column(problem.n_parameters());
    const Column gradient = make_column(problem.n_parameters());
    Adam         adam(problem.n_parameters());
    for (unsigned int i = 0; i < n_iterations; ++i)
      {
        progress(i, problem.loss(x, gradient));
        adam.step(x, gradient, rate);
      }
    progress(n_iterations, problem.loss(x, gradient));
    return x;
  }



  Column
  solve_by_lbfgs(const LinearizedProblem &problem,
                 const unsigned int       history,
                 const unsigned int       n_iterations,
                 const ProgressOfSolver  &progress)
  {
    const Column    x          = make_column(problem.n_parameters());
    unsigned int    n_products = 0;
    LBFGSParameters parameters;
    parameters.history        = history;
    parameters.max_iterations = n_iterations;
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
    return x;
  }



  Column
  solve_by_cgls(const LinearizedProblem &problem,
                const unsigned int       n_iterations,
                const ProgressOfSolver  &progress)
  {
    const Column x = make_column(problem.n_parameters());
    const Column r = make_column(problem.residual().size()); // -f - J x
    KokkosBlas::scal(r, -1., problem.residual());
    Column       s     = problem.transposed_times(r);
    const Column p     = make_column(x.size());
    double       gamma = dot(s, s), beta = 0.;
    progress(0, mean_square(r));
    for (unsigned int i = 1; i <= n_iterations && gamma > 0.; ++i)
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
    return x;
  }



  namespace
  {
    /// Divide by the norm, which is returned.
    double
    normalize(const Column &x)
    {
      const double length = norm(x);
      if (length > 0.)
        KokkosBlas::scal(x, 1. / length, x);
      return length;
    }
  } // namespace



  Column
  solve_by_lsqr(const LinearizedProblem &problem,
                const unsigned int       n_iterations,
                const ProgressOfSolver  &progress)
  {
    const Column x = make_column(problem.n_parameters());
    const Column u = make_column(problem.residual().size());
    KokkosBlas::scal(u, -1., problem.residual());
    double       phi   = normalize(u); // the norm of the residual
    const Column v     = problem.transposed_times(u);
    double       alpha = normalize(v), rho_bar = alpha;
    const Column w = make_column(x.size());
    KokkosBlas::axpy(1., v, w);
    progress(0, phi * phi / u.size());
    for (unsigned int i = 1; i <= n_iterations && alpha * phi > 0.; ++i)
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
    return x;
  }
} // namespace lsr_studies
