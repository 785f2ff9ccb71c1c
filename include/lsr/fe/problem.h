// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_problem_h
#define lsr_fe_problem_h

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/assembler.h>
#include <lsr/fe/discretization.h>
#include <lsr/fe/equation_registry.h>
#include <lsr/fe/finite_element_solver.h>

#include <deal.II/base/conditional_ostream.h>
#include <deal.II/base/parameter_acceptor.h>

#include <map>
#include <memory>
#include <string>

namespace lsr
{
  /**
   * The boundary value problem that a parameter file describes: the equation,
   * mesh and finite elements, and the solver for the finite-element solution
   * that other fields are compared with.
   */
  template <int dim>
  class Problem : public dealii::ParameterAcceptor
  {
  public:
    /**
     * A problem for the equation that is registered as @p equation_name (see
     * make_equation()), and for no other one: reading another name from
     * `Equation/Name` throws.
     */
    explicit Problem(MPI_Comm           mpi_communicator,
                     const std::string &equation_name = default_equation);

    /// Make the mesh, refined by @p further_refinements more than the
    /// parameters say, the degrees of freedom, and the assembler. Collective.
    void
    setup(const unsigned int further_refinements = 0);

    /// The equation, for those who need it to be this one; throws if it is
    /// another.
    AdvectionDiffusionReaction<dim> &
    advection_diffusion_reaction() const;

    /// The same equation with other functions on the same mesh; see
    /// AdvectionDiffusionReaction::set_functions(). Collective.
    void
    set_functions(const std::map<std::string, std::string> &functions);

    /// How often adapt() shall be called.
    unsigned int
    n_adaptive_refinements() const;

    /// Refine the mesh where the Kelly indicator of @p field is large, and set
    /// everything up again. Collective.
    void
    adapt(const FEVector &field);

    /// Solve the finite-element system. Collective.
    FEVector
    solve(const dealii::ConditionalOStream &log) const;

    /// The name of the problem, for reports.
    std::string name = "problem";

  private:
    const std::string                    equation_name;
    const std::unique_ptr<WeakForm<dim>> owned_equation;

  public:
    const WeakForm<dim> &equation;
    Discretization<dim>  discretization;
    FiniteElementSolver  solver;

    /// For residuals of refined fields: Dirichlet conditions are constraints,
    /// or left to weighted rows, as the parameter file says.
    const Assembler<dim> &
    assembler() const
    {
      return *assembler_;
    }

  private:
    void
    setup_dofs();

    /// The name in the parameter file, which has to be equation_name.
    std::string parsed_equation_name = equation_name;

    unsigned int                          adaptive_refinements = 0;
    std::shared_ptr<const Assembler<dim>> assembler_;

    /// For the finite-element solution, whose Dirichlet conditions are strong.
    std::shared_ptr<const Assembler<dim>> solution_assembler;
  };
} // namespace lsr

#endif
