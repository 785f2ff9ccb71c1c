// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/dense/least_squares.h>

#include <KokkosBlas2_gemv.hpp>
#include <KokkosBlas3_gemm.hpp>

#include <cmath>
#include <string>

#include "lapack.h"

namespace lsr
{
  using namespace internal;

  namespace
  {
    void
    require_lambda(const double lambda)
    {
      require(std::isfinite(lambda) && lambda >= 0,
              "Tikhonov: a nonnegative lambda expected, found " +
                std::to_string(lambda) + ".");
    }
  } // namespace



  Tikhonov::Tikhonov(const HostBlock                &R,
                     const HostColumn               &z,
                     const double                    unreachable,
                     const std::vector<std::size_t> &used,
                     const std::size_t               n_columns,
                     const double                    tolerance)
    : UTz("lsr::HostColumn", z.extent(0))
    , unreachable(unreachable)
    , used(used)
    , n_columns(n_columns)
    , tolerance(tolerance)
  {
    if (z.extent(0) == 0)
      return;
    const SVD svd = singular_value_decomposition(R);
    s             = svd.s;
    VT            = svd.VT;
    KokkosBlas::gemv("T", 1., svd.U, z, 0., UTz);
  }



  double
  Tikhonov::largest_singular_value() const
  {
    return s.empty() ? 0. : s[0];
  }



  void
  Tikhonov::filter(const double lambda, double *x) const
  {
    require_lambda(lambda);
    const double neglect = lambda > 0 || s.empty() ? 0 : tolerance * s[0];
    for (std::size_t i = 0; i < s.size(); ++i)
      x[i] = s[i] > neglect ? UTz(i) / (s[i] + lambda * (lambda / s[i])) : 0.;
  }



  Column
  Tikhonov::solve(const double lambda) const
  {
    const HostColumn x("lsr::HostColumn", s.size());
    filter(lambda, x.data());
    return combination(x);
  }



  Column
  Tikhonov::combination(const HostColumn &x) const
  {
    const HostColumn y("y", s.size());
    if (!s.empty())
      KokkosBlas::gemv("T", 1., VT, x, 0., y);
    const HostColumn coefficients("lsr::HostColumn", n_columns);
    for (std::size_t j = 0; j < s.size(); ++j)
      coefficients(used[j]) = y(j);
    return to_memory_space(coefficients);
  }



  Column
  Tikhonov::solve_normal_equations(const double lambda, const Column &b) const
  {
    require_lambda(lambda);
    require(b.size() == n_columns,
            "Tikhonov: " + std::to_string(n_columns) +
              " derivatives expected, found " + std::to_string(b.size()) + ".");
    const HostColumn all = to_host(b), some("b", s.size()), x("x", s.size());
    for (std::size_t j = 0; j < s.size(); ++j)
      some(j) = all(used[j]);
    if (!s.empty())
      KokkosBlas::gemv("N", 1., VT, some, 0., x);
    const double neglect = lambda > 0 || s.empty() ? 0 : tolerance * s[0];
    for (std::size_t i = 0; i < s.size(); ++i)
      x(i) = s[i] > neglect ? x(i) / (s[i] * s[i] + lambda * lambda) : 0.;
    return combination(x);
  }



  double
  Tikhonov::loss(const double lambda) const
  {
    require_lambda(lambda);
    const double neglect = lambda > 0 || s.empty() ? 0 : tolerance * s[0];
    double       loss    = unreachable;
    for (std::size_t i = 0; i < s.size(); ++i)
      {
        const double ratio = lambda / s[i];
        const double rest =
          s[i] > neglect ? ratio * ratio / (1 + ratio * ratio) : 1.;
        loss += rest * rest * UTz(i) * UTz(i);
      }
    return loss;
  }



  double
  Tikhonov::effective_rank(const double lambda) const
  {
    require_lambda(lambda);
    const double neglect = lambda > 0 || s.empty() ? 0 : tolerance * s[0];
    double       trace   = 0;
    for (const double value : s)
      if (value > neglect)
        trace += 1 / (1 + (lambda / value) * (lambda / value));
    return trace;
  }



  std::vector<double>
  Tikhonov::held_out_loss(const AppendRowsQR        &held_out,
                          const std::vector<double> &lambdas) const
  {
    require(held_out.n_columns() == n_columns,
            "Tikhonov: rows of " + std::to_string(n_columns) +
              " columns expected, found " +
              std::to_string(held_out.n_columns()) + ".");
    const std::size_t k = s.size(), r = n_columns, n = lambdas.size();
    const HostBlock   all = to_host(held_out.R());
    const HostColumn  z   = to_host(held_out.z());

    // f' + G' y is -z + R V x up to an orthogonal factor.
    const HostBlock misfit = make_host_block(r, n);
    for (std::size_t l = 0; l < n; ++l)
      for (std::size_t i = 0; i < r; ++i)
        misfit(i, l) = -z(i);
    if (k > 0)
      {
        const HostBlock columns = make_host_block(r, k);
        for (std::size_t j = 0; j < k; ++j)
          for (std::size_t i = 0; i <= used[j]; ++i)
            columns(i, j) = all(i, used[j]);
        const HostBlock x = make_host_block(k, n), y = make_host_block(k, n);
        for (std::size_t l = 0; l < n; ++l)
          filter(lambdas[l], &x(0, l));
        KokkosBlas::gemm("T", "N", 1., VT, x, 0., y);
        KokkosBlas::gemm("N", "N", 1., columns, y, 1., misfit);
      }

    std::vector<double> loss(n, held_out.rho2());
    for (std::size_t l = 0; l < n; ++l)
      for (std::size_t i = 0; i < r; ++i)
        loss[l] += misfit(i, l) * misfit(i, l);
    return loss;
  }
} // namespace lsr
