// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/problem.h>

#include <deal.II/base/mpi.h>
#include <deal.II/base/patterns.h>

namespace lsr
{
  namespace
  {
    template <int dim>
    void
    require_free_dofs(const Discretization<dim> &discretization)
    {
      unsigned int has_free_dofs = 0;
      for (const auto dof : discretization.locally_owned_dofs())
        if (!discretization.constraints().is_constrained(dof))
          has_free_dofs = 1;
      require(
        dealii::Utilities::MPI::max(has_free_dofs,
                                    discretization.communicator()) > 0,
        "all " + std::to_string(discretization.dof_handler().n_dofs()) +
          " degrees of freedom are given by Dirichlet conditions, so there is "
          "nothing to solve for: expected more cells (Mesh/Global refinements) "
          "or a higher Finite element/Finite element degree");
    }
  } // namespace



  template <int dim>
  Problem<dim>::Problem(MPI_Comm           mpi_communicator,
                        const std::string &equation_name)
    : dealii::ParameterAcceptor("/")
    , equation_name(equation_name)
    , owned_equation(make_equation<dim>(equation_name))
    , equation(*owned_equation)
    , discretization(mpi_communicator,
                     equation.n_components(),
                     typename Discretization<dim>::Parameters(),
                     equation.has_multiplier())
    , solver("Finite element solver")
  {
    add_parameter("Problem name",
                  name,
                  "The name of the problem in reports and tables.");
    enter_subsection("Equation");
    add_parameter("Name",
                  parsed_equation_name,
                  "The equation. Known are " + describe_equations() +
                    ". More of them come from additional shared libraries.");
    leave_subsection();
    parse_parameters_call_back.connect([this]() {
      require(parsed_equation_name == this->equation_name,
              "Equation/Name is '" + parsed_equation_name + "', expected '" +
                this->equation_name +
                "': this program is for no other equation");
    });
    enter_subsection("Mesh");
    add_parameter("Adaptive refinements",
                  adaptive_refinements,
                  "How often the mesh is refined where the Kelly indicator of "
                  "the network's field is large.",
                  this->prm,
                  dealii::Patterns::Integer(0, 30));
    leave_subsection();
  }



  template <int dim>
  void
  Problem<dim>::setup(const unsigned int further_refinements)
  {
    discretization.make_grid(further_refinements);
    setup_dofs();
  }



  template <int dim>
  void
  Problem<dim>::set_functions(
    const std::map<std::string, std::string> &functions)
  {
    advection_diffusion_reaction().set_functions(functions);
    // The same degrees of freedom are constrained, if to other values: the
    // assemblers keep their sparsity.
    discretization.setup_dofs(equation.dirichlet_conditions());
  }



  template <int dim>
  AdvectionDiffusionReaction<dim> &
  Problem<dim>::advection_diffusion_reaction() const
  {
    auto *const result =
      dynamic_cast<AdvectionDiffusionReaction<dim> *>(owned_equation.get());
    require(result != nullptr,
            "Equation/Name is '" + equation_name + "', expected '" +
              default_equation +
              "': what is asked for is known for no other equation");
    return *result;
  }



  template <int dim>
  unsigned int
  Problem<dim>::n_adaptive_refinements() const
  {
    return adaptive_refinements;
  }



  template <int dim>
  void
  Problem<dim>::adapt(const FEVector &field)
  {
    discretization.refine(field);
    setup_dofs();
  }



  template <int dim>
  void
  Problem<dim>::setup_dofs()
  {
    discretization.setup_dofs(equation.dirichlet_conditions());
    require_free_dofs(discretization);
    solution_assembler =
      std::make_shared<const Assembler<dim>>(equation, discretization);
    assembler_ =
      discretization.strong_dirichlet() ?
        solution_assembler :
        std::make_shared<const Assembler<dim>>(equation, discretization, false);
  }



  template <int dim>
  FEVector
  Problem<dim>::solve(const dealii::ConditionalOStream &log) const
  {
    FEVector u = discretization.make_vector();
    solver.solve(*solution_assembler, u, log);
    return u;
  }



  LSR_REGISTER_EQUATION(AdvectionDiffusionReaction,
                        default_equation,
                        "-div(a grad u) + b . grad u + c = f for one unknown, "
                        "with expressions in section Equation",
                        Dimensions<1, 2, 3>())


  template class Problem<1>;
  template class Problem<2>;
  template class Problem<3>;
} // namespace lsr
