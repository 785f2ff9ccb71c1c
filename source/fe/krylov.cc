// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "fe/krylov.h"

#include <lsr/base/types.h>

#include <deal.II/base/index_set.h>
#include <deal.II/base/mpi.h>
#include <deal.II/lac/solver_cg.h>
#include <deal.II/lac/solver_control.h>
#include <deal.II/lac/solver_gmres.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace lsr::internal
{
  Krylov::Krylov(Residual &residual, const Function &preconditioner)
    : residual(residual)
    , preconditioner(preconditioner)
    , scaling(residual.n_values(), 1.)
  {
    find_scaling();
  }



  void
  Krylov::find_scaling()
  {
    // With random signs x, the mean of (A x)_i^2 is the square of the length of
    // a row. Scaled rows change those of others, so a few rounds are made.
    constexpr unsigned int n_rounds = 3, n_probes = 4;
    const std::size_t      n = scaling.size();
    std::mt19937           generator(5 + residual.communicator().rank());
    const HostBlock        x("lsr::x", n, n_probes);
    const Block AX = make_block(n, n_probes), X = make_block(n, n_probes);
    for (unsigned int round = 0; round < n_rounds; ++round)
      {
        for (unsigned int j = 0; j < n_probes; ++j)
          for (std::size_t i = 0; i < n; ++i)
            x(i, j) = (generator() % 2 == 0 ? 1. : -1.) / scaling[i];
        Kokkos::deep_copy(X, x);
        residual.set_zero(X);
        residual.apply_jacobian(X, AX);
        const HostBlock y = to_host(AX);
        for (std::size_t i = 0; i < n; ++i)
          {
            double squares = 0;
            for (unsigned int j = 0; j < n_probes; ++j)
              squares += y(i, j) * y(i, j) / n_probes;
            const double length = std::sqrt(squares) / scaling[i];
            if (length > 0 && std::isfinite(length))
              scaling[i] *= std::sqrt(length);
          }
      }
  }



  Krylov::Vector
  Krylov::make_vector() const
  {
    const MPI_Comm communicator             = residual.communicator().get();
    const dealii::types::global_dof_index n = scaling.size();
    const auto sizes = dealii::Utilities::MPI::all_gather(communicator, n);
    dealii::types::global_dof_index first = 0, total = 0;
    for (unsigned int rank = 0; rank < sizes.size(); ++rank)
      {
        if (rank < residual.communicator().rank())
          first += sizes[rank];
        total += sizes[rank];
      }
    dealii::IndexSet owned(total);
    owned.add_range(first, first + n);
    return Vector(owned, communicator);
  }



  void
  Krylov::to_vector(const Column &column,
                    const double  power,
                    Vector       &vector) const
  {
    const HostColumn host = to_host(column);
    for (std::size_t i = 0; i < scaling.size(); ++i)
      vector.local_element(i) = host(i) * std::pow(scaling[i], power);
  }



  void
  Krylov::from_vector(const Vector &vector,
                      const double  power,
                      const Column &column) const
  {
    const auto host = Kokkos::create_mirror_view(column);
    for (std::size_t i = 0; i < scaling.size(); ++i)
      host(i) = vector.local_element(i) * std::pow(scaling[i], power);
    Kokkos::deep_copy(column, host);
  }



  struct Krylov::Operator
  {
    const Krylov &krylov;
    const bool    positive;

    void
    vmult(Vector &y, const Vector &x) const
    {
      const Column column = make_column(krylov.scaling.size()),
                   result = make_column(krylov.scaling.size());
      krylov.from_vector(x, -1., column);
      krylov.residual.set_zero(as_block(column));
      krylov.residual.apply_jacobian(as_block(column), as_block(result));
      krylov.residual.set_zero(as_block(result));
      krylov.to_vector(result, -1., y);
      if (positive && !(x * y > 0.) && x.l2_norm() > 0.)
        throw NotPositiveDefinite("a direction has no energy");
    }
  };



  struct Krylov::Preconditioner
  {
    const Krylov &krylov;

    void
    vmult(Vector &y, const Vector &x) const
    {
      if (!krylov.preconditioner)
        {
          y = x;
          return;
        }
      const Column column = make_column(krylov.scaling.size()),
                   result = make_column(krylov.scaling.size());
      krylov.from_vector(x, 1., column);
      krylov.preconditioner(column, result);
      krylov.residual.set_zero(as_block(result));
      krylov.to_vector(result, 1., y);
    }
  };



  template <typename Solver>
  Krylov::Result
  Krylov::solve(const Column                          &b,
                const Column                          &x,
                const double                           tolerance,
                const unsigned int                     max_steps,
                const bool                             positive,
                const typename Solver::AdditionalData &data) const
  {
    Vector       right_hand_side = make_vector();
    Vector       solution        = right_hand_side;
    const Column masked          = make_column(b.size());
    Kokkos::deep_copy(masked, b);
    residual.set_zero(as_block(masked));
    to_vector(masked, -1., right_hand_side);
    const double length = right_hand_side.l2_norm();
    Result       result;
    if (length > 0)
      {
        right_hand_side /= length;
        dealii::SolverControl control(max_steps, tolerance, false, false);
        try
          {
            Solver(control, data)
              .solve(Operator{*this, positive},
                     solution,
                     right_hand_side,
                     Preconditioner{*this});
          }
        catch (const dealii::SolverControl::NoConvergence &)
          {}
        solution *= length;
        result = {control.last_value(), control.last_step()};
      }
    from_vector(solution, -1., x);
    return result;
  }



  Krylov::Result
  Krylov::conjugate_gradients(const Column      &b,
                              const Column      &x,
                              const double       tolerance,
                              const unsigned int max_steps) const
  {
    return solve<dealii::SolverCG<Vector>>(
      b, x, tolerance, max_steps, true, {});
  }



  Krylov::Result
  Krylov::gmres(const Column      &b,
                const Column      &x,
                const double       tolerance,
                const unsigned int max_steps) const
  {
    using Solver = dealii::SolverGMRES<Vector>;
    typename Solver::AdditionalData data;
    data.max_n_tmp_vectors     = std::min(max_steps, 300u) + 2;
    data.right_preconditioning = true;
    return solve<Solver>(b, x, tolerance, max_steps, false, data);
  }
} // namespace lsr::internal
