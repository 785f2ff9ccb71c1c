// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/refine/pseudo_time_residual.h>

#include <KokkosBlas1_axpby.hpp>

namespace lsr
{
  namespace
  {
    Block
    copy(const Block &block)
    {
      const Block result = make_block(block.extent(0), block.extent(1));
      Kokkos::deep_copy(result, block);
      return result;
    }



    /// Y := D X + tau Y
    void
    combine(const Column &D, const Block &X, const double tau, const Block &Y)
    {
      const std::size_t n_columns = X.extent(1);
      Kokkos::parallel_for(
        "lsr::pseudo_time_step",
        Kokkos::RangePolicy<ExecutionSpace>(0, X.extent(0)),
        KOKKOS_LAMBDA(const std::size_t i) {
          for (std::size_t j = 0; j < n_columns; ++j)
            Y(i, j) = D(i) * X(i, j) + tau * Y(i, j);
        });
      Kokkos::fence();
    }
  } // namespace



  PseudoTimeResidual::PseudoTimeResidual(Residual     &steady,
                                         const Column &reference,
                                         const double  time_step)
    : steady(steady)
    , reference(reference)
    , mass_diagonal(steady.mass())
    , time_step(time_step)
  {
    require(time_step > 0,
            "pseudo-time step " + std::to_string(time_step) +
              ": expected a positive number");
    require(reference.size() == steady.n_values(),
            "the reference of a pseudo-time step has " +
              std::to_string(reference.size()) + " values, expected " +
              std::to_string(steady.n_values()));
  }



  std::size_t
  PseudoTimeResidual::n_values() const
  {
    return steady.n_values();
  }



  std::size_t
  PseudoTimeResidual::n_rows() const
  {
    return steady.n_rows();
  }



  const Communicator &
  PseudoTimeResidual::communicator() const
  {
    return steady.communicator();
  }



  void
  PseudoTimeResidual::evaluate(const Column &q, const Column &f)
  {
    steady.evaluate(q, f);
    const Block change = copy(as_block(q));
    KokkosBlas::axpy(-1., reference, Column(change.data(), change.extent(0)));
    combine(mass_diagonal, change, time_step, as_block(f));
  }



  void
  PseudoTimeResidual::linearize(const Column &q)
  {
    steady.linearize(q);
  }



  void
  PseudoTimeResidual::apply_tangent(const Block &X, const Block &AX)
  {
    const Block constrained = copy(X);
    steady.constrain(constrained);
    steady.apply_tangent(constrained, AX);
    combine(mass_diagonal, X, time_step, AX);
  }



  void
  PseudoTimeResidual::apply_transposed_tangent(const Block &X, const Block &ATX)
  {
    steady.apply_transposed_tangent(X, ATX);
    steady.constrain(ATX);
    combine(mass_diagonal, X, time_step, ATX);
  }



  bool
  PseudoTimeResidual::euclidean() const
  {
    return steady.euclidean();
  }



  Block
  PseudoTimeResidual::riesz(const Block & /*X*/, const Block &AX)
  {
    // The tangent is not that of the steady residual, even if K is.
    return solve_riesz(AX);
  }



  Block
  PseudoTimeResidual::solve_riesz(const Block &F)
  {
    return steady.solve_riesz(F);
  }



  double
  PseudoTimeResidual::norm(const Column &f)
  {
    return steady.norm(f);
  }
} // namespace lsr
