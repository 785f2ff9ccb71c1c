// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_hanging_nodes_h
#define lsr_tests_support_hanging_nodes_h

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/assembler.h>
#include <lsr/fe/expression.h>
#include <lsr/fe/finite_element_solver.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/finite_element_residual.h>

#include <deal.II/numerics/vector_tools_interpolate.h>

#include <gtest/gtest.h>

#include <memory>

namespace lsr
{
  namespace test
  {
    /// An equation on a mesh with hanging nodes.
    struct Model
    {
      explicit Model(
        const AdvectionDiffusionReaction<2>::Parameters &parameters,
        const bool strong_dirichlet = true)
        : equation(parameters)
        , discretization(MPI_COMM_WORLD, 1, discretization_parameters())
      {
        discretization.make_grid();
        discretization.setup_dofs(equation.dirichlet_conditions());
        FEVector steep = discretization.make_vector();
        dealii::VectorTools::interpolate(
          discretization.dof_handler(),
          ExpressionFunction<2>({Expression<2>("exp(-9*(x + y))", "")}),
          steep);
        discretization.refine(steep);
        discretization.setup_dofs(equation.dirichlet_conditions());
        EXPECT_TRUE(discretization.triangulation().has_hanging_nodes());
        assembler = std::make_unique<Assembler<2>>(equation,
                                                   discretization,
                                                   strong_dirichlet);
        n         = discretization.dof_handler().n_dofs();
      }

      bool
      constrained(const std::size_t i) const
      {
        return assembler->constraints().is_constrained(i);
      }

      FEVector
      solve() const
      {
        FEVector u = discretization.make_vector();
        FiniteElementSolver().solve(*assembler, u);
        return u;
      }

      Sampling
      nodes() const
      {
        return nodal_sampling(discretization.mapping(),
                              discretization.dof_handler(),
                              1);
      }

      AdvectionDiffusionReaction<2> equation;
      Discretization<2>             discretization;
      std::unique_ptr<Assembler<2>> assembler;
      std::size_t                   n = 0;

    private:
      static Discretization<2>::Parameters
      discretization_parameters()
      {
        Discretization<2>::Parameters parameters;
        parameters.degree             = 2;
        parameters.global_refinements = 2;
        return parameters;
      }
    };

    /// A combination of norm and kind of Dirichlet conditions.
    struct Case
    {
      ResidualNorm norm;
      bool         strong_dirichlet;
    };
  } // namespace test
} // namespace lsr

#endif
