// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_comparison_h
#define lsr_fe_comparison_h

#include <lsr/fe/discretization.h>

#include <deal.II/base/function.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/fe/mapping.h>

#include <limits>
#include <optional>
#include <ostream>
#include <string>

namespace lsr
{
  /**
   * The three fields that are compared at the end of a refinement:
   * the network before, the network refined, and the solution of the
   * finite-element system, all in the same finite-element space.
   *
   * It holds references, for compare() and write_vtu():
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

  /// The distance of a field from the exact solution, in three norms.
  struct FieldErrors
  {
    double L2   = std::numeric_limits<double>::quiet_NaN();
    double H1   = std::numeric_limits<double>::quiet_NaN();
    double Linf = std::numeric_limits<double>::quiet_NaN();

    /// Whether the errors are divided by the norms of the exact solution. They
    /// are, unless these norms are zero.
    bool relative = true;
  };

  /// The distance of two fields.
  struct FieldDifference
  {
    double L2 = std::numeric_limits<double>::quiet_NaN();

    /// Whether it is divided by the norm of the reference, that is, whether
    /// this norm is not zero.
    bool relative = true;

    /// The same for the other components of mixed elements, such as a pressure;
    /// NaN if there are none.
    double multiplier = std::numeric_limits<double>::quiet_NaN();
  };

  /**
   * Compute $\|u_h - u\| / \|u\|$ for
   * - L2: $\|v\|^2 = \int_\Omega |v|^2$,
   * - H1: the full norm, $\|v\|^2 = \int_\Omega |v|^2 + |\nabla v|^2$,
   * - Linf: the largest $|v|$ on a uniform lattice of $2p+2$ points in each
   *   direction of each cell, vertices included,
   *
   * where $u_h$ is the finite-element function of degree $p$ with the values
   * @p field and $u$ is @p exact. The integrals use Gauss formulas with
   * $p + 3$ points in each direction, so that superconvergence at the points
   * does not embellish the result. Where $u = 0$, the errors are absolute and
   * FieldErrors::relative is false.
   *
   * Collective. Vector-valued fields are measured as a whole, those of mixed
   * elements in the components of the first base element, such as a velocity.
   */
  template <int dim>
  FieldErrors
  compute_errors(const dealii::Mapping<dim>    &mapping,
                 const dealii::DoFHandler<dim> &dof_handler,
                 const FEVector                &field,
                 const dealii::Function<dim>   &exact);

  /**
   * FieldErrors::L2 of compute_errors() alone, for exact solutions that are
   * expensive to evaluate. Collective.
   */
  template <int dim>
  double
  compute_L2_error(const dealii::Mapping<dim>    &mapping,
                   const dealii::DoFHandler<dim> &dof_handler,
                   const FEVector                &field,
                   const dealii::Function<dim>   &exact);

  /**
   * Compute $\|u_h - v_h\|_{L_2} / \|v_h\|_{L_2}$ for two fields of the same
   * space, @p field and @p reference, or $\|u_h\|_{L_2}$ where $v_h = 0$; then
   * FieldDifference::relative is false. The components of a second base element
   * are measured by themselves. Collective.
   */
  template <int dim>
  FieldDifference
  compute_difference(const dealii::Mapping<dim>    &mapping,
                     const dealii::DoFHandler<dim> &dof_handler,
                     const FEVector                &field,
                     const FEVector                &reference);

  /**
   * The comparison of network, refined network and finite elements: one row for
   * each, with errors against the exact solution, the difference to the
   * finite-element solution, and the norm of the residual.
   *
   * compare() fills in all but the residuals, which depend on the norm in which
   * they are measured. Unknown values are NaN and shown as a dash.
   */
  struct Comparison
  {
    struct Row
    {
      /// Empty where no exact solution is known.
      std::optional<FieldErrors> error;
      FieldDifference            difference_to_fem;
      double residual = std::numeric_limits<double>::quiet_NaN();
    };

    Row network;
    Row refined;
    Row fem;

    /// Print a table for people. Call it on one rank.
    void
    print(std::ostream &out) const;

    /// Write the table as comma-separated values, with all digits and a line
    /// of titles. Call it on one rank.
    void
    write_csv(std::ostream &out) const;
  };

  /// Measure @p fields. Collective.
  template <int dim>
  Comparison
  compare(const ComparedFields<dim> &fields);
} // namespace lsr

#endif
