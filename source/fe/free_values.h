// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_free_values_h
#define lsr_fe_free_values_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>
#include <lsr/fe/callback_residual.h>
#include <lsr/fe/checked_refinement.h>

#include <cstddef>
#include <random>
#include <utility>
#include <vector>

namespace lsr::internal
{
  Column
  copy(const Column &column);

  Column
  difference(const Column &a, const Column &b);

  Column
  sum(const Column &a, const Column &b);



  /**
   * The values of a field that neither constraints nor boundary values
   * determine, and their norms. Everything is collective, and @p program has to
   * be prepared.
   */
  class FreeValues
  {
  public:
    FreeValues(const ProgramResidual &program, const ValueSpace &space);

    double
    product(const Column &a, const Column &b) const;

    /// Their number, on all ranks.
    std::size_t
    n() const;

    /// Random signs, and zero for all other values.
    Column
    random_signs(std::mt19937 &generator) const;

    /// One for those of a component, and zero for all other values.
    Column
    of_component(const unsigned int component) const;

    /// From now on norms are those up to multiples of the constant @p c, with
    /// $M c$, where $M$ is the mass matrix itself.
    void
    leave_out(const Column &c, const Column &Mc);

    /// Subtract the constants that norms leave out, $c\, (c^T M v) / (c^T M
    /// c)$.
    void
    remove_constants(const Column &v) const;

    /// Norms in $L_2$ of each base element.
    std::vector<double>
    norms(const Column &values) const;

    /// The same of all together.
    double
    norm(const Column &values) const;

    /// The norm $f^T M^{-1} f$ of a residual, with the diagonal of $M$.
    double
    dual_norm(const Column &f) const;

    /// The diagonal of $M^{1/2}$ and of $M^{-1/2}$.
    const Column &
    root_mass() const
    {
      return root_mass_;
    }

    const Column &
    inverse_root_mass() const
    {
      return inverse_root_mass_;
    }

    /// Factors of the values in the $L_2$ norm of an error, divided by
    /// @p distances of base elements (none: 1); small for values that are
    /// determined, which the field has anyway.
    Column
    error_factors(const std::vector<double> &distances) const;

  private:
    const ProgramResidual &program;
    const ValueSpace      &space;
    const Communicator     communicator;

    Column                                 root_mass_, inverse_root_mass_;
    std::vector<std::pair<Column, Column>> constants;
  };
} // namespace lsr::internal

#endif
