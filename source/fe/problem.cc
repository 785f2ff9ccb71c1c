// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/problem.h>

#include <deal.II/base/patterns.h>

namespace lsr
{
  template <int dim>
  Problem<dim>::Problem(MPI_Comm mpi_communicator)
    : dealii::ParameterAcceptor("/")
    , equation("Equation")
    , discretization(mpi_communicator)
    , solver("Finite element solver")
  {
    add_parameter("Problem name",
                  name,
                  "The name of the problem in reports and tables.");
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
    equation.set_functions(functions);
    setup_dofs();
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



  template class Problem<1>;
  template class Problem<2>;
  template class Problem<3>;
} // namespace lsr
