// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_solution_constraints_h
#define lsr_fe_solution_constraints_h

#include <deal.II/base/function.h>
#include <deal.II/base/types.h>
#include <deal.II/dofs/dof_handler.h>
#include <deal.II/lac/affine_constraints.h>

#include <map>
#include <memory>
#include <type_traits>
#include <vector>

namespace lsr
{
  /**
   * The constraints of a solution in the form in which a program has them:
   *
   * @code
   *   residual(dof_handler, constraints, ...);     // AffineConstraints<double>
   *   residual(dof_handler, boundary_values, ...); // map of values
   *   residual(dof_handler, BoundaryValues<dim>(), ...); // dealii::Function
   *   residual(dof_handler, {hanging_node_constraints, boundary_values}, ...);
   *   residual(dof_handler, {hanging_node_constraints, BoundaryValues<dim>()},
   *            ...);
   * @endcode
   *
   * A map is that of VectorTools::interpolate_boundary_values(). A function is
   * interpolated on the whole boundary, in all components. Where boundary
   * values meet other constraints, the latter count.
   *
   * AffineConstraints that come alone are not copied: they must live as long as
   * the residual. All else may be temporary.
   */
  template <int spacedim>
  class SolutionConstraints
  {
  public:
    using Constraints    = dealii::AffineConstraints<double>;
    using BoundaryValues = std::map<dealii::types::global_dof_index, double>;

    /// Everything is in @p constraints.
    SolutionConstraints(const Constraints &constraints)
      : constraints(&constraints, [](const Constraints *) {})
    {}

    /// Boundary values, and no other constraints.
    SolutionConstraints(const BoundaryValues &values)
      : values(&values)
    {}

    /// @copydoc SolutionConstraints(const BoundaryValues&)
    SolutionConstraints(const dealii::Function<spacedim> &function)
      : function(&function)
    {}

    template <int other_dim, std::enable_if_t<other_dim != spacedim, int> = 0>
    SolutionConstraints(const dealii::Function<other_dim> &)
    {
      static_assert(other_dim == spacedim,
                    "lsr: boundary values are a dealii::Function of the "
                    "dimension of space, that of the points of the "
                    "DoFHandler.");
    }

    /// Boundary values, and @p constraints of hanging nodes, say.
    SolutionConstraints(const Constraints    &constraints,
                        const BoundaryValues &values)
      : constraints(&constraints, [](const Constraints *) {})
      , values(&values)
    {}

    /// @copydoc SolutionConstraints(const Constraints&,const BoundaryValues&)
    SolutionConstraints(const Constraints                &constraints,
                        const dealii::Function<spacedim> &function)
      : constraints(&constraints, [](const Constraints *) {})
      , function(&function)
    {}

    /// All of them together, for the degrees of freedom of @p dof_handler.
    template <int dim>
    std::shared_ptr<const Constraints>
    combine(const dealii::DoFHandler<dim, spacedim> &dof_handler) const;

    /**
     * The constraints that a sum of @p solution and an update obeys, if the
     * update obeys these: without any inhomogeneities they become the same with
     * those of @p solution. With some they are as combine() makes them.
     * Collective.
     */
    template <int dim, typename VectorType>
    SolutionConstraints
    lifted_by(const dealii::DoFHandler<dim, spacedim> &dof_handler,
              const VectorType                        &solution) const
    {
      std::vector<double> owned;
      for (const auto dof : dof_handler.locally_owned_dofs())
        owned.push_back(solution(dof));
      return lifted_by(dof_handler, owned);
    }

  private:
    SolutionConstraints(const std::shared_ptr<const Constraints> &constraints)
      : constraints(constraints)
    {}

    template <int dim>
    SolutionConstraints
    lifted_by(const dealii::DoFHandler<dim, spacedim> &dof_handler,
              const std::vector<double>               &owned) const;

    std::shared_ptr<const Constraints> constraints;
    const BoundaryValues              *values   = nullptr;
    const dealii::Function<spacedim>  *function = nullptr;
  };
} // namespace lsr

#endif
