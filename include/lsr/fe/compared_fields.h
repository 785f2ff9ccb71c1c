// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_compared_fields_h
#define lsr_fe_compared_fields_h

#include <lsr/fe/types.h>

#include <deal.II/base/function.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/mapping.h>

namespace lsr
{
  /**
   * The three fields that stand next to each other at the end of a refinement:
   * the network before, the network refined, and the solution of the
   * finite-element system, all in the same finite-element space.
   *
   * It holds references, and is what compare(), write_vtu() and sample() take:
   *
   * @code
   * const lsr::ComparedFields<dim> fields{
   *   mapping, dof_handler, network, refined, solution, &exact_solution};
   * lsr::compare(fields).print(std::cout);
   * lsr::write_vtu("results/solution.vtu", fields);
   * @endcode
   *
   * The vectors need not have ghost values.
   */
  template <int dim>
  struct ComparedFields
  {
    const dealii::Mapping<dim>    &mapping;
    const dealii::DoFHandler<dim> &dof_handler;

    const FEVector &network;
    const FEVector &refined;
    const FEVector &fem;

    /// The exact solution, with gradients, or nullptr where there is none.
    const dealii::Function<dim> *exact = nullptr;
  };
} // namespace lsr

#endif
