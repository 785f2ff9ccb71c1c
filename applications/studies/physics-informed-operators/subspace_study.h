// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_subspace_study_h
#define lsr_studies_subspace_study_h

#include <lsr/base/types.h>
#include <lsr/dense/append_rows_qr.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/least_squares.h>
#include <lsr/network/network.h>
#include <lsr/refine/reduced_problem.h>
#include <lsr/refine/tangent_basis.h>

#include <KokkosBlas1_scal.hpp>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "applications/studies/study.h"
#include "network/lbfgs.h"

// The subspace of one instance, and its effect on iterative
// solvers (paper, Figures 4c, S5 and S6).

namespace lsr_studies
{
  /// Mean squares of the residual while L-BFGS minimizes it over the leading
  /// columns, and at the solution.
  struct IterationCurve
  {
    std::size_t               rank = 0;
    std::vector<unsigned int> iterations;
    std::vector<double>       losses;
    double                    direct_loss = 0;
  };

  inline IterationCurve
  minimize_iteratively(const LinearRows  &problem,
                       const std::size_t  rank,
                       const unsigned int n_iterations)
  {
    const Block       G = columns(problem.G, 0, rank);
    const std::size_t n = problem.f.size();
    IterationCurve    curve;
    curve.rank = rank;

    LBFGSParameters parameters;
    parameters.max_iterations = n_iterations;
    parameters.go_on          = [&](const unsigned int i, const double loss) {
      curve.iterations.push_back(i);
      curve.losses.push_back(loss);
      return true;
    };
    const Column r    = make_column(n);
    const auto   loss = [&](const Column &y, const Column &gradient) {
      Kokkos::deep_copy(r, problem.f);
      multiply(1., 'N', G, 'N', as_block(y), 1., as_block(r));
      multiply(2. / n, 'T', G, 'N', as_block(r), 0., as_block(gradient));
      return dot(r, r) / n;
    };
    const Column y = make_column(rank);
    minimize_by_lbfgs(y, loss, parameters);

    AppendRowsQR qr(rank);
    // Copies, which it overwrites.
    const Block  rows    = make_block(n, rank);
    const Column minus_f = make_column(n);
    Kokkos::deep_copy(rows, G);
    KokkosBlas::scal(minus_f, -1., problem.f);
    qr.append(rows, minus_f);
    curve.direct_loss = LeastSquares(qr).losses().back() / n;
    return curve;
  }

  inline void
  write(const std::vector<IterationCurve> &curves, const std::string &path)
  {
    Table table("rank,iteration,loss,direct_loss");
    for (const IterationCurve &curve : curves)
      for (std::size_t i = 0; i < curve.losses.size(); ++i)
        table.add(curve.rank,
                  curve.iterations[i],
                  curve.losses[i],
                  curve.direct_loss);
    table.write(path);
  }



  /**
   * Write modes $J v_k$ of a basis, each divided by its largest absolute value,
   * on a lattice of @p n times @p n points of the unit square: one column for
   * each of @p modes, which count from 1.
   */
  inline void
  write_modes(std::ostream                    &out,
              const TangentBasis              &basis,
              const std::vector<unsigned int> &modes,
              const unsigned int               n)
  {
    const HostBlock lattice = to_host(make_block(2, n * n));
    for (unsigned int i = 0; i < n * n; ++i)
      {
        lattice(0, i) = (i % n) / (n - 1.);
        lattice(1, i) = (i / n) / (n - 1.);
      }
    const Block JV = make_block(n * n, basis.n_directions());
    basis.apply(to_memory_space(lattice), JV);
    const HostBlock values = to_host(JV);

    std::vector<double> largest;
    out << "x,t";
    for (const unsigned int mode : modes)
      {
        out << ",mode_" << mode;
        double &value = largest.emplace_back(0.);
        for (unsigned int i = 0; i < n * n; ++i)
          value = std::max(value, std::abs(values(i, mode - 1)));
      }
    out << '\n';
    out.precision(6);
    for (unsigned int i = 0; i < n * n; ++i)
      {
        out << lattice(0, i) << ',' << lattice(1, i);
        for (std::size_t k = 0; k < modes.size(); ++k)
          out << ',' << values(i, modes[k] - 1) / largest[k];
        out << '\n';
      }
  }
} // namespace lsr_studies

#endif
