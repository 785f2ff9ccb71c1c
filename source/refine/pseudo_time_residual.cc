// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "refine/pseudo_time_residual.h"

#include <lsr/base/exceptions.h>

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
  } // namespace



  PseudoTimeResidual::PseudoTimeResidual(Residual     &steady,
                                         const Column &reference,
                                         const double  time_step)
    : Residual(steady.n_values(), steady.n_rows(), steady.communicator())
    , steady(steady)
    , reference(reference)
    , time_step(time_step)
  {
    require(time_step > 0,
            "pseudo-time step " + std::to_string(time_step) +
              ": expected a positive number");
    require(reference.size() == steady.n_values(),
            "the reference of a pseudo-time step has " +
              std::to_string(reference.size()) + " values, expected " +
              std::to_string(steady.n_values()));
    steady.require_mass();
    set_inner_product(steady.shared_inner_product());
  }



  void
  PseudoTimeResidual::evaluate(const Column &q, const Column &f)
  {
    const Block change = copy(as_block(q));
    KokkosBlas::axpy(-1., reference, Column(change.data(), change.extent(0)));
    const Column inertia = make_column(n_rows());
    steady.apply_mass(change, as_block(inertia));
    steady.evaluate(q, f);
    KokkosBlas::axpby(1., inertia, time_step, f);
  }



  void
  PseudoTimeResidual::linearize(const Column &q)
  {
    steady.linearize(q);
  }



  void
  PseudoTimeResidual::apply_jacobian(const Block &X, const Block &AX)
  {
    const Block constrained = copy(X);
    steady.set_zero(constrained);
    steady.apply_jacobian(constrained, AX);
    const Block MX = make_block(n_rows(), X.extent(1));
    steady.apply_mass(X, MX);
    KokkosBlas::axpby(1., MX, time_step, AX);
  }



  void
  PseudoTimeResidual::apply_transposed_jacobian(const Block &X,
                                                const Block &ATX)
  {
    steady.apply_transposed_jacobian(X, ATX);
    steady.set_zero(ATX);
    const Block MTX = make_block(n_values(), X.extent(1));
    steady.apply_transposed_mass(X, MTX);
    KokkosBlas::axpby(1., MTX, time_step, ATX);
  }



  void
  PseudoTimeResidual::require_transposed_jacobian() const
  {
    steady.require_transposed_jacobian();
  }
} // namespace lsr
